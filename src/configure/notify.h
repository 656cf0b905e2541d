/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tells everybody that the configuration changed.
 */
#ifndef GENOPS_CONFIGURE_NOTIFY_H
#define GENOPS_CONFIGURE_NOTIFY_H

/* When this transaction commits, all backends read the configuration again and
 * the worker looks at streams and targets; this one does so at once. */
extern void NotifyConfigurationChange(void);

#endif
