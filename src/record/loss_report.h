/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tells the session of calls that could not be recorded.
 */
#ifndef GENOPS_RECORD_LOSS_REPORT_H
#define GENOPS_RECORD_LOSS_REPORT_H

/* Installs the hooks at which it is told; from _PG_init. */
extern void LossReportInit(void);

#endif
