/* SPDX-License-Identifier: PostgreSQL */
/*
 * Header values of the configuration, and where they really are.
 *
 * A value may refer to what only the server has: ${env:NAME} is a variable of
 * its environment, ${file:/path} the content of a file without the line feed
 * at its end.
 */
#ifndef GENOPS_CONFIGURE_HEADER_TEXT_H
#define GENOPS_CONFIGURE_HEADER_TEXT_H

#include "postgres.h"

#include "core/base/error.h"
#include "core/net/headers.h"

/* Of a file with headers, or with a value. */
#define HEADER_FILE_MAX (64 * 1024)

extern bool HeaderValueRefers(const char *value);

/* Whether it refers to nothing but variables and files; and whether these are there. */
extern bool HeaderReferencesKnown(const char *value, GenopsError *error);
extern bool HeaderReferencesFound(const char *value, GenopsError *error);

/* Sets the header with what its value refers to. */
extern bool HeaderSet(GenopsHeaders *headers, const char *name, const char *value,
                      GenopsError *error);

/* Sets what a file says in lines "Name: value"; empty lines, and those that
 * begin with "#", are passed over.  Errors name the file and the line, never
 * what stands there. */
extern bool HeadersFromFile(GenopsHeaders *headers, const char *path, GenopsError *error);

#endif
