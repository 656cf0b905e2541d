/* SPDX-License-Identifier: PostgreSQL */
/*
 * A borrowed run of bytes, usually text.
 *
 * A slice owns nothing and is not NUL-terminated.  data == NULL means that
 * the value is absent, which is not the same as an empty text.
 */
#ifndef GENOPS_CORE_BASE_SLICE_H
#define GENOPS_CORE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct GenopsSlice
{
	const char *data;
	size_t length; /* bytes */
} GenopsSlice;

#define GENOPS_ABSENT ((GenopsSlice){ NULL, 0 })
#define GENOPS_LITERAL(text) ((GenopsSlice){ (text), sizeof(text) - 1 })

static inline GenopsSlice
genops_slice(const char *text)
{
	return (GenopsSlice){ text, text ? strlen(text) : 0 };
}

static inline bool
genops_slice_present(GenopsSlice slice)
{
	return slice.data != NULL;
}

static inline bool
genops_slice_equal(GenopsSlice a, GenopsSlice b)
{
	return a.length == b.length && (a.data != NULL) == (b.data != NULL) &&
	       (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Without the blanks and tabs around it: HTTP's optional white space. */
static inline GenopsSlice
genops_slice_trim(GenopsSlice text)
{
	while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
	{
		text.data++;
		text.length--;
	}
	while (text.length > 0 &&
	       (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
		text.length--;
	return text;
}

/* Whether it has nothing but hexadecimal digits; so has an empty one. */
static inline bool
genops_slice_is_hex(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

#endif
