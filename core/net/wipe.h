/* SPDX-License-Identifier: PostgreSQL */
/*
 * Overwrites a secret before its memory is released.
 */
#ifndef GENOPS_CORE_NET_WIPE_H
#define GENOPS_CORE_NET_WIPE_H

#include <string.h>

/* Called through a volatile pointer, so that it is not optimised away. */
static inline void
genops_wipe(void *memory, size_t size)
{
	static void *(*const volatile overwrite)(void *, int, size_t) = memset;

	overwrite(memory, 0, size);
}

#endif
