/* SPDX-License-Identifier: PostgreSQL */
/*
 * Changes of the configuration by transactions that were prepared.
 */
#ifndef GENOPS_CONFIGURE_PREPARED_CHANGES_H
#define GENOPS_CONFIGURE_PREPARED_CHANGES_H

/* Installs the hook that hears of them; from _PG_init. */
extern void PreparedChangesInit(void);

#endif
