/* SPDX-License-Identifier: PostgreSQL */
#include "core/govern/usage_flags.h"

#include <stdio.h>

#include "core/base/utf8.h"

/* The word of a flag that has one follows. */
static const char *const texts[GENOPS_USAGE_FLAG_COUNT] = {
	[GENOPS_USAGE_FLAG_NO_USAGE] = "no_usage",
	[GENOPS_USAGE_FLAG_OUTPUT_FROM_TOTAL] = "output_from_total",
	[GENOPS_USAGE_FLAG_INPUT_FROM_TOTAL] = "input_from_total",
	[GENOPS_USAGE_FLAG_TIER_MISMATCH] = "tier_requested_",
	[GENOPS_USAGE_FLAG_PARTIAL_STREAM] = "partial_stream",
	[GENOPS_USAGE_FLAG_INCLUSIVE_INPUT_BY_TOTAL] = "inclusive_input_by_total",
	[GENOPS_USAGE_FLAG_CACHE_READ_CLAMPED] = "cache_read_clamped",
	[GENOPS_USAGE_FLAG_OTHER_UNIT] = "other_unit:",
	[GENOPS_USAGE_FLAG_UNKNOWN_MODEL] = "unknown_model",
	[GENOPS_USAGE_FLAG_UNKNOWN_TIER] = "unknown_tier:",
	[GENOPS_USAGE_FLAG_MOVING_NAME] = "moving_name",
	[GENOPS_USAGE_FLAG_NEEDS_CHARGE] = "needs_charge",
	[GENOPS_USAGE_FLAG_ERROR] = "error:",
};

void
genops_usage_flag(GenopsUsageFlags *flags, GenopsUsageFlag flag)
{
	genops_usage_flag_word(flags, flag, GENOPS_LITERAL(""));
}

void
genops_usage_flag_word(GenopsUsageFlags *flags, GenopsUsageFlag flag, GenopsSlice word)
{
	size_t length = genops_utf8_clip(word, GENOPS_USAGE_FLAG_WORD_MAX - 1);

	if (genops_usage_flagged(flags, flag))
		return;
	flags->set |= 1u << flag;
	memcpy(flags->word[flag], length > 0 ? word.data : "", length);
	flags->word[flag][length] = '\0';
}

void
genops_usage_flag_tiers(GenopsUsageFlags *flags, GenopsSlice requested, GenopsSlice served)
{
	char word[GENOPS_USAGE_FLAG_WORD_MAX];
	int length =
	    snprintf(word, sizeof(word), "%.*s_served_%.*s", (int) genops_utf8_clip(requested, 25),
	             requested.data, (int) genops_utf8_clip(served, 25), served.data);

	genops_usage_flag_word(flags, GENOPS_USAGE_FLAG_TIER_MISMATCH,
	                       (GenopsSlice){ word, (size_t) length });
}

size_t
genops_usage_flag_print(const GenopsUsageFlags *flags, GenopsUsageFlag flag,
                        char text[GENOPS_USAGE_FLAG_TEXT_SIZE])
{
	return (size_t) snprintf(text, GENOPS_USAGE_FLAG_TEXT_SIZE, "%s%s", texts[flag],
	                         flags->word[flag]);
}
