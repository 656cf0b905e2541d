/* SPDX-License-Identifier: PostgreSQL */
/*
 * How a caller ends work of the core that may take long.
 *
 * Functions that take one ask it every few milliseconds of work, and fail with GENOPS_INTERRUPTED
 * once it says yes.  NULL is never interrupted.
 */
#ifndef GENOPS_CORE_BASE_INTERRUPT_H
#define GENOPS_CORE_BASE_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct GenopsInterrupt
{
	bool (*wanted)(void *context);
	void *context;
} GenopsInterrupt;

static inline bool
genops_interrupted(const GenopsInterrupt *interrupt)
{
	return interrupt != NULL && interrupt->wanted(interrupt->context);
}

#endif
