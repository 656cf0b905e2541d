/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether Tempo keeps tenants apart.
 */
#ifndef GENOPS_ASK_TEMPO_APART_H
#define GENOPS_ASK_TEMPO_APART_H

#include "postgres.h"

/* Raises unless it does: before a user who may read some tenants only asks it.  The answer of
 * Tempo holds for some minutes. */
extern void TempoRequireApart(void);

#endif
