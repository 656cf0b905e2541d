/* SPDX-License-Identifier: PostgreSQL */
/*
 * What version 1.1 of the test of upgrades has that 1.0 has not.
 */
#include "postgres.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(genops_new_in_1_1);

Datum
genops_new_in_1_1(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_INT64(11);
}
