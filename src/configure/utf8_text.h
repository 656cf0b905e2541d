/* SPDX-License-Identifier: PostgreSQL */
/*
 * Texts of the configuration become texts of a span.
 */
#ifndef GENOPS_CONFIGURE_UTF8_TEXT_H
#define GENOPS_CONFIGURE_UTF8_TEXT_H

#include "postgres.h"

/* Valid UTF-8, in the current memory context; NULL stays NULL. */
extern char *Utf8FromServer(const char *text);

#endif
