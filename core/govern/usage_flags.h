/* SPDX-License-Identifier: PostgreSQL */
/*
 * What was remarkable about the usage or the price of a call: a closed list, which is
 * kept with the call and shown as texts.
 */
#ifndef GENOPS_CORE_GOVERN_USAGE_FLAGS_H
#define GENOPS_CORE_GOVERN_USAGE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/slice.h"

typedef enum GenopsUsageFlag
{
	GENOPS_USAGE_FLAG_NO_USAGE,                 /* the reply says no tokens */
	GENOPS_USAGE_FLAG_OUTPUT_FROM_TOTAL,        /* output is the total less the input */
	GENOPS_USAGE_FLAG_INPUT_FROM_TOTAL,         /* input is the total less the output */
	GENOPS_USAGE_FLAG_TIER_MISMATCH,            /* tier_requested_X_served_Y */
	GENOPS_USAGE_FLAG_PARTIAL_STREAM,           /* the stream ended before its end */
	GENOPS_USAGE_FLAG_INCLUSIVE_INPUT_BY_TOTAL, /* the total shows that the input has the cache in it */
	GENOPS_USAGE_FLAG_CACHE_READ_CLAMPED,       /* more tokens from the cache than there were */
	GENOPS_USAGE_FLAG_OTHER_UNIT,               /* other_unit:U, which is billed but is no token */
	GENOPS_USAGE_FLAG_UNKNOWN_MODEL,            /* no price has that name */
	GENOPS_USAGE_FLAG_UNKNOWN_TIER, /* unknown_tier:T: the model's price has not that tier */
	GENOPS_USAGE_FLAG_MOVING_NAME,  /* priced by a name that means another model some day */
	GENOPS_USAGE_FLAG_NEEDS_CHARGE, /* something that only a role with "charge" may say */
	GENOPS_USAGE_FLAG_ERROR,        /* error:TYPE */
	GENOPS_USAGE_FLAG_COUNT
} GenopsUsageFlag;

#define GENOPS_USAGE_FLAG_WORD_MAX 64

/* A word is cut at that many bytes; the first one of a flag stays. */
typedef struct GenopsUsageFlags
{
	uint32_t set; /* bit 1 << GenopsUsageFlag */
	char word[GENOPS_USAGE_FLAG_COUNT][GENOPS_USAGE_FLAG_WORD_MAX];
} GenopsUsageFlags;

/* Bytes that hold any flag as text. */
#define GENOPS_USAGE_FLAG_TEXT_SIZE 128

/* Only "set" is to be cleared beforehand. */
extern void genops_usage_flag(GenopsUsageFlags *flags, GenopsUsageFlag flag);
extern void genops_usage_flag_word(GenopsUsageFlags *flags, GenopsUsageFlag flag, GenopsSlice word);
extern void genops_usage_flag_tiers(GenopsUsageFlags *flags, GenopsSlice requested,
                                    GenopsSlice served);

static inline bool
genops_usage_flagged(const GenopsUsageFlags *flags, GenopsUsageFlag flag)
{
	return (flags->set & 1u << flag) != 0;
}

/* The text of a flag that is set; its length. */
extern size_t genops_usage_flag_print(const GenopsUsageFlags *flags, GenopsUsageFlag flag,
                                      char text[GENOPS_USAGE_FLAG_TEXT_SIZE]);

#endif
