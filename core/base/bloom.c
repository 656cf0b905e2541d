/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/bloom.h"

/*
 * With 16 bits an id, 11 probes are the best number: (1 - e^(-11/16))^11 is
 * one in 2,180.  The filters are stored, so neither the probes nor their
 * order may depend on the machine.
 */
#define PROBES 11

size_t
genops_bloom_size(size_t ids)
{
	const size_t ids_per_word = 64 / GENOPS_BLOOM_BITS_PER_ID;
	size_t words = ids / ids_per_word + (ids % ids_per_word != 0);

	if (words == 0)
		words = 1;
	return words > SIZE_MAX / 8 ? SIZE_MAX - 7 : words * 8;
}

static uint64_t
load_word(const uint8_t *from)
{
	uint64_t word = 0;

	for (int i = 7; i >= 0; i--)
		word = word << 8 | from[i];
	return word;
}

/* The finaliser of splitmix64: trace ids made by hand are not random. */
static uint64_t
mix(uint64_t word)
{
	word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
	return word ^ word >> 31;
}

/* Kirsch and Mitzenmacher: two hashes make as many as are needed. */
typedef struct Probe
{
	uint64_t hash;
	uint64_t step;
	uint64_t bits;
} Probe;

static Probe
first_probe(size_t size, const uint8_t *trace_id)
{
	uint64_t a = mix(load_word(trace_id) + UINT64_C(0x9E3779B97F4A7C15));
	uint64_t b = mix(load_word(trace_id + 8) ^ a);

	return (Probe){ .hash = b, .step = mix(a + b) | 1, .bits = (uint64_t) size * 8 };
}

static uint64_t
next_bit(Probe *probe)
{
	uint64_t bit = probe->hash % probe->bits;

	probe->hash += probe->step;
	return bit;
}

void
genops_bloom_add(uint8_t *filter, size_t size, const uint8_t trace_id[GENOPS_TRACE_ID_SIZE])
{
	Probe probe;

	if (size == 0)
		return;
	probe = first_probe(size, trace_id);
	for (int i = 0; i < PROBES; i++)
	{
		uint64_t bit = next_bit(&probe);

		filter[bit / 8] |= (uint8_t) (1u << bit % 8);
	}
}

bool
genops_bloom_may_have(const uint8_t *filter, size_t size,
                      const uint8_t trace_id[GENOPS_TRACE_ID_SIZE])
{
	Probe probe;

	/* No filter knows nothing. */
	if (size == 0)
		return true;
	probe = first_probe(size, trace_id);
	for (int i = 0; i < PROBES; i++)
	{
		uint64_t bit = next_bit(&probe);

		if (!(filter[bit / 8] & 1u << bit % 8))
			return false;
	}
	return true;
}
