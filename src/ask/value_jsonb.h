/* SPDX-License-Identifier: PostgreSQL */
/*
 * TraceQL's labels as jsonb.
 */
#ifndef GENOPS_ASK_VALUE_JSONB_H
#define GENOPS_ASK_VALUE_JSONB_H

#include "postgres.h"

#include "core/traceql/value.h"
#include "utils/jsonb.h"

typedef struct LabelsBuilder
{
	JsonbParseState *state;
} LabelsBuilder;

extern void LabelsBegin(LabelsBuilder *builder);

/* A text, number or boolean; durations, statuses and kinds as TraceQL prints them; null
 * for a missing value. */
extern void LabelsAdd(LabelsBuilder *builder, GenopsSlice key, const GenopsTraceqlValue *value);
extern Jsonb *LabelsEnd(LabelsBuilder *builder);

#endif
