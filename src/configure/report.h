/*
 * Rows that tell of the configuration.
 */
#ifndef GENOPS_CONFIGURE_REPORT_H
#define GENOPS_CONFIGURE_REPORT_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"

/* Returns a row per change, as a set; raises a WARNING for each that the
 * environment keeps from having an effect. */
extern void ReportChanges(FunctionCallInfo fcinfo, List *changes);

#endif
