/*
 * One reply, recorded twice: by a retried job, or because a function that is
 * declared IMMUTABLE was called once for many calls of genops_observe.
 */
#ifndef GENOPS_RECORD_DUPLICATE_H
#define GENOPS_RECORD_DUPLICATE_H

#include "postgres.h"

#include "core/span/facts.h"

/* Stands for a reply; never 0.  An id alone is not enough: some servers draw
 * theirs from a thousand numbers. */
extern uint64 DuplicateKey(GenopsSlice response_id, const GenopsSpanFacts *facts);

/* Whether this session recorded it in the last ten minutes. */
extern bool DuplicateSeen(uint64 key);
extern void DuplicateRemember(uint64 key);

#endif
