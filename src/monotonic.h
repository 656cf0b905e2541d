/* SPDX-License-Identifier: PostgreSQL */
/*
 * Time that never jumps, for intervals and deadlines.
 */
#ifndef GENOPS_MONOTONIC_H
#define GENOPS_MONOTONIC_H

#include "postgres.h"

#include "portability/instr_time.h"

/* Milliseconds since some moment before the server started. */
static inline int64
MonotonicMs(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

#endif
