/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a call has counted, as bytes for another process of the same machine.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_SAVED_H
#define GENOPS_CORE_TRACEQL_METRICS_SAVED_H

#include "core/traceql/metrics_call.h"

/* The error of bytes that are no saved metrics of this query; false. */
extern bool genops_metrics_not_saved(GenopsError *error);

#endif
