/* SPDX-License-Identifier: PostgreSQL */
/*
 * The validation as it is printed.
 */
#ifndef GENOPS_VALIDATE_REPORT_H
#define GENOPS_VALIDATE_REPORT_H

#include "postgres.h"

#include "fmgr.h"
#include "validate/validation.h"

/* A List of char *, the lines as the user's guide shows them. */
extern List *ReportLines(const Validation *validation);

/* Returns lines as a set of text. */
extern void ReportPutLines(FunctionCallInfo fcinfo, List *lines);

#endif
