/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the core's unit tests share: cmocka, and how to compare slices.
 */
#ifndef GENOPS_TEST_CORE_CHECK_H
#define GENOPS_TEST_CORE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/slice.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Shows both texts when they differ, and compares the presence too. */
static inline void
check_slice(GenopsSlice slice, const char *expected, const char *file, int line)
{
	if (genops_slice_equal(slice, genops_slice(expected)))
		return;
	print_error("\"%.*s\" is not \"%s\"\n", (int) slice.length, slice.data ? slice.data : "",
	            expected ? expected : "(absent)");
	_fail(file, line);
}

/* cmocka 2 tells signed from unsigned; the one macro of version 1 is of unsigned numbers. */
#ifndef assert_uint_in_range
#define assert_uint_in_range(value, minimum, maximum) assert_in_range(value, minimum, maximum)
#endif

#define assert_slice(slice, expected) check_slice(slice, expected, __FILE__, __LINE__)

/* A small generator: the same numbers on every machine. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
