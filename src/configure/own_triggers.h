/*
 * Others' triggers on our tables.
 */
#ifndef GENOPS_CONFIGURE_OWN_TRIGGERS_H
#define GENOPS_CONFIGURE_OWN_TRIGGERS_H

#include "postgres.h"

/*
 * Raises if the table has a trigger that the extension did not make: who was granted
 * TRIGGER on it (by GRANT ALL, say) would have the extension's owner run
 * it.  Before a change as the owner.
 */
extern void RequireOwnTriggers(Oid table);

#endif
