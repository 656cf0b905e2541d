/* SPDX-License-Identifier: PostgreSQL */
/*
 * A text that a function of this room was given.
 */
#ifndef GENOPS_GOVERN_TEXT_ARGUMENT_H
#define GENOPS_GOVERN_TEXT_ARGUMENT_H

#include "postgres.h"

#include "core/base/slice.h"
#include "fmgr.h"
#include "utils/builtins.h"

/* With a zero behind it, in the current memory context; absent for NULL. */
static inline GenopsSlice
TextArgument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? GENOPS_ABSENT
	                              : genops_slice(text_to_cstring(PG_GETARG_TEXT_PP(argument)));
}

#endif
