/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_weight.h"

#include <math.h>
#include <stdint.h>

#define THRESHOLD_DIGITS 14 /* of 4 bits: 2^56 is all */

/* The value of the entry "key<sign>value" of a list; absent if there is none. */
static GenopsSlice
entry_of(GenopsSlice list, char separator, GenopsSlice key)
{
	while (list.length > 0)
	{
		const char *end = memchr(list.data, separator, list.length);
		size_t length = end == NULL ? list.length : (size_t) (end - list.data);
		GenopsSlice entry = genops_slice_trim((GenopsSlice){ list.data, length });

		if (entry.length >= key.length && memcmp(entry.data, key.data, key.length) == 0)
			return (GenopsSlice){ entry.data + key.length, entry.length - key.length };
		if (end == NULL)
			break;
		list.data += length + 1;
		list.length -= length + 1;
	}
	return GENOPS_ABSENT;
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

double
genops_metrics_weight(GenopsSlice trace_state)
{
	GenopsSlice ot = entry_of(trace_state, ',', GENOPS_LITERAL("ot="));
	GenopsSlice digits = entry_of(ot, ';', GENOPS_LITERAL("th:"));
	uint64_t kept = UINT64_C(1) << (4 * THRESHOLD_DIGITS);

	if (digits.length > THRESHOLD_DIGITS)
		return 1;
	/* Zeros at the end are left out. */
	for (size_t i = 0; i < digits.length; i++)
	{
		int digit = digit_of(digits.data[i]);

		if (digit < 0)
			return 1;
		kept -= (uint64_t) digit << (4 * (THRESHOLD_DIGITS - 1 - i));
	}
	return ldexp(1, 4 * THRESHOLD_DIGITS) / (double) kept;
}
