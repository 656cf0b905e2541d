/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/sampler.h"

#include <math.h>

#include "core/span/trace_context.h"

#define RANDOM_BITS 56
#define RANDOM_RANGE (UINT64_C(1) << RANDOM_BITS)
#define HEX_DIGITS (RANDOM_BITS / 4)

/* Enough for a rate's error to be below one in 10,000. */
#define PRECISION 5

/*
 * How many hexadecimal digits of the threshold are worth telling.  A small
 * rate's threshold starts with f's and one close to 1 with zeros, and these
 * say nothing: each earns one more digit.
 */
static int
threshold_digits(double rate)
{
	int kept_exponent;
	int dropped_exponent;
	int leading;

	frexp(rate, &kept_exponent);
	frexp(1.0 - rate, &dropped_exponent);
	leading = kept_exponent < dropped_exponent ? -kept_exponent / 4 : -dropped_exponent / 4;
	return PRECISION + leading < HEX_DIGITS ? PRECISION + leading : HEX_DIGITS;
}

static uint64_t
rate_threshold(double rate)
{
	uint64_t kept = (uint64_t) llround(ldexp(rate, RANDOM_BITS));
	int unsaid_bits = RANDOM_BITS - 4 * threshold_digits(rate);
	uint64_t threshold;

	if (kept == 0)
		kept = 1;
	threshold = RANDOM_RANGE - kept;
	if (unsaid_bits > 0)
	{
		threshold += UINT64_C(1) << (unsaid_bits - 1);
		threshold = threshold >> unsaid_bits << unsaid_bits;
	}
	return threshold;
}

/* "th:" and the threshold's 14 digits without the zeros at their end. */
static void
print_threshold(GenopsSampler *sampler)
{
	uint8_t bytes[RANDOM_BITS / 8];

	for (int i = 0; i < RANDOM_BITS / 8; i++)
		bytes[i] = (uint8_t) (sampler->threshold >> (RANDOM_BITS - 8 * (i + 1)));
	memcpy(sampler->ot_value, "th:", 3);
	genops_hex(sampler->ot_value + 3, bytes, sizeof(bytes));
	sampler->ot_length = 3 + HEX_DIGITS;
	while (sampler->ot_length > 4 && sampler->ot_value[sampler->ot_length - 1] == '0')
		sampler->ot_length--;
	sampler->ot_value[sampler->ot_length] = '\0';
}

GenopsSampler
genops_sampler(double rate)
{
	GenopsSampler sampler = { 0 };

	/* Also for what is no number. */
	if (!(rate > 0.0))
	{
		sampler.never = true;
		return sampler;
	}
	if (rate < 1.0)
		sampler.threshold = rate_threshold(rate);
	print_threshold(&sampler);
	return sampler;
}

/* The value of "rv" in "th:c;rv:0123456789abcd": exactly 14 digits. */
static bool
explicit_randomness(GenopsSlice ot, uint64_t *randomness)
{
	size_t at = 0;

	while (ot.length - at >= 3 + HEX_DIGITS)
	{
		const char *entry = ot.data + at;
		const char *separator = memchr(entry, ';', ot.length - at);
		size_t length = separator == NULL ? ot.length - at : (size_t) (separator - entry);
		uint8_t bytes[RANDOM_BITS / 8];

		if (length == 3 + HEX_DIGITS && memcmp(entry, "rv:", 3) == 0 &&
		    genops_unhex(bytes, (GenopsSlice){ entry + 3, HEX_DIGITS }, sizeof(bytes)))
		{
			*randomness = 0;
			for (size_t i = 0; i < sizeof(bytes); i++)
				*randomness = *randomness << 8 | bytes[i];
			return true;
		}
		if (separator == NULL)
			break;
		at += length + 1;
	}
	return false;
}

bool
genops_sampler_keeps(const GenopsSampler *sampler, const uint8_t trace_id[GENOPS_TRACE_ID_SIZE],
                     GenopsSlice ot_in)
{
	uint64_t randomness = 0;

	if (sampler->never)
		return false;
	if (!explicit_randomness(ot_in, &randomness))
	{
		for (int i = GENOPS_TRACE_ID_SIZE - RANDOM_BITS / 8; i < GENOPS_TRACE_ID_SIZE; i++)
			randomness = randomness << 8 | trace_id[i];
	}
	return randomness >= sampler->threshold;
}
