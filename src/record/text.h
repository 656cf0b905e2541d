/* SPDX-License-Identifier: PostgreSQL */
/*
 * Texts of the server become texts of a span: valid UTF-8, no longer than a
 * limit.
 */
#ifndef GENOPS_RECORD_TEXT_H
#define GENOPS_RECORD_TEXT_H

#include "postgres.h"

#include "core/base/slice.h"

/* Who and what for is grouped by: longer names are cut here even if
 * genops_tempo.max_attribute_length allows more.  Bytes. */
#define TEXT_NAME_MAX 1024

/* The limits in force, in bytes: of an attribute, of a name. */
extern size_t TextLimit(void);
extern size_t TextNameLimit(void);

/*
 * A text in the server's encoding, as PostgreSQL hands it out (so it is valid
 * in a UTF8 database), cut to "limit" bytes at a character.  What has to be
 * converted lies in memory that TextReset takes back; else the slice points
 * into the text given.  An absent text stays absent.
 */
extern GenopsSlice TextFromServer(GenopsSlice text, size_t limit);

/* The same of a text that nobody has looked at, like a setting from
 * postgresql.conf or a role of another database's encoding. */
extern GenopsSlice TextFromSetting(const char *text, size_t limit);

/* Forgets the texts of the span before, and what was cut of one that was refused. */
extern void TextReset(void);

/* Attributes that a span has no room for are cut, too. */
extern void TextLeaveOut(uint32 attributes);

/* Counts what was repaired and cut since TextReset. */
extern void TextCount(void);

#endif
