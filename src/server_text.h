/* SPDX-License-Identifier: PostgreSQL */
/*
 * Texts of a span become texts of the server: UTF-8 in, the database's
 * encoding out, '?' for what that encoding can't say.
 */
#ifndef GENOPS_SERVER_TEXT_H
#define GENOPS_SERVER_TEXT_H

#include "postgres.h"

#include "core/base/slice.h"

/* Needs a transaction unless the database's encoding is UTF8 or SQL_ASCII.  The
 * result is the argument itself where nothing has to change, else in the
 * current memory context.  Absent stays absent. */
extern GenopsSlice ServerText(GenopsSlice text);

/* The same as a string of its own; NULL if it is absent. */
extern char *ServerString(GenopsSlice text);

#endif
