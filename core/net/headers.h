/* SPDX-License-Identifier: PostgreSQL */
/*
 * A list of HTTP headers.
 *
 * Names compare without regard to case and are unique; the list owns copies
 * of names and values.  A value is taken for a secret: no error text has one,
 * and its memory is wiped before it is released.
 *
 * A list starts as GENOPS_NO_HEADERS and ends with genops_headers_free.
 */
#ifndef GENOPS_CORE_NET_HEADERS_H
#define GENOPS_CORE_NET_HEADERS_H

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

typedef struct GenopsHeader
{
	char *name;
	char *value; /* may be empty */
} GenopsHeader;

typedef struct GenopsHeaders
{
	GenopsHeader *items;
	size_t count;
	size_t capacity;
} GenopsHeaders;

#define GENOPS_NO_HEADERS ((GenopsHeaders){ NULL, 0, 0 })

extern void genops_headers_free(GenopsHeaders *headers);

/*
 * Whether the header can be sent: the name is a token (RFC 9110, 5.6.2), the
 * value has no control character, and it is none of those that frame a
 * message (Content-Length, Transfer-Encoding, Content-Encoding, Connection,
 * Expect, Host and the like), which the HTTP client sets itself.
 */
extern bool genops_header_check(GenopsSlice name, GenopsSlice value, GenopsError *error);

/* Adds the header, or replaces the value it has.  Blanks around the value are
 * not part of it. */
extern bool genops_headers_set(GenopsHeaders *headers, GenopsSlice name, GenopsSlice value,
                               GenopsError *error);

/* Whether there was one. */
extern bool genops_headers_remove(GenopsHeaders *headers, GenopsSlice name);

/* The value, or NULL. */
extern const char *genops_headers_get(const GenopsHeaders *headers, GenopsSlice name);

/* Sets all headers of "from" in "into". */
extern bool genops_headers_merge(GenopsHeaders *into, const GenopsHeaders *from,
                                 GenopsError *error);

/*
 * Sets what a text in the syntax of OTEL_EXPORTER_OTLP_HEADERS lists:
 * "name=value,name=value".  A value may contain "=" and is percent-decoded; a
 * "%" without two hexadecimal digits stands for itself.  Empty members are
 * skipped.  When one is bad nothing is set.
 */
extern bool genops_headers_parse(GenopsHeaders *into, GenopsSlice text, GenopsError *error);

/* Appends "Basic ..." for credentials of the form "user:password". */
extern bool genops_basic_auth(GenopsBytes *out, GenopsSlice credentials, GenopsError *error);

/*
 * Overwrites with asterisks each occurrence of a header's value, or of the
 * credentials after its scheme ("Bearer ..."), in a text that a peer sent: an
 * endpoint may quote the token that it refuses.  The start of one at the end of
 * the text counts too.  Values shorter than eight bytes are left, and those of
 * X-Scope-OrgID, Content-Type and Accept.
 */
extern void genops_headers_mask(const GenopsHeaders *headers, char *text);

#endif
