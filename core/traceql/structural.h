/* SPDX-License-Identifier: PostgreSQL */
/*
 * The operators between spansets that look at the tree of the trace: children,
 * parents, descendants, ancestors, siblings, in three forms.
 *
 * An orphan, a span that no root leads to, is nobody's partner.
 */
#ifndef GENOPS_CORE_TRACEQL_STRUCTURAL_H
#define GENOPS_CORE_TRACEQL_STRUCTURAL_H

#include "core/traceql/spanset.h"

/* "op" is one of GENOPS_SPANSET_CHILD and what follows.  The result is without
 * labels and may be empty. */
extern bool genops_structural(GenopsPipelineRun *run, GenopsSpansetOperator op,
                              const GenopsSet *left, const GenopsSet *right, GenopsSet *result);

#endif
