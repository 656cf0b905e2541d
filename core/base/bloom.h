/* SPDX-License-Identifier: PostgreSQL */
/*
 * A Bloom filter over trace ids: 16 bits an id, so that about one lookup in
 * 2,000 finds a segment that does not have the id.
 */
#ifndef GENOPS_CORE_BASE_BLOOM_H
#define GENOPS_CORE_BASE_BLOOM_H

#include "core/span/facts.h"

#define GENOPS_BLOOM_BITS_PER_ID 16

/* Bytes for a filter of that many ids: at least 8, a multiple of 8. */
extern size_t genops_bloom_size(size_t ids);

/* "filter" is zeroed memory of genops_bloom_size bytes. */
extern void genops_bloom_add(uint8_t *filter, size_t size,
                             const uint8_t trace_id[GENOPS_TRACE_ID_SIZE]);
extern bool genops_bloom_may_have(const uint8_t *filter, size_t size,
                                  const uint8_t trace_id[GENOPS_TRACE_ID_SIZE]);

#endif
