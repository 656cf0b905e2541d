/* SPDX-License-Identifier: PostgreSQL */
/*
 * SQL of the worker, where speed doesn't count.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "keep/worker_sql.h"
#include "utils/guc.h"

uint64
WorkerSql(const char *statement)
{
	int result = SPI_execute(statement, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute returned %s: %s", SPI_result_code_string(result), statement);
	return SPI_processed;
}

int64
WorkerSqlNumber(const char *query, int64 missing)
{
	Datum value;
	bool null;

	if (WorkerSql(query) == 0)
		return missing;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
	return null ? missing : DatumGetInt64(value);
}

char *
WorkerSqlText(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

void
WorkerSetLocal(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
	                         false);
}
