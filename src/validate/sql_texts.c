/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a query says.
 *
 * Run with the rights of the caller; of the catalogs, the checks read what everybody may.
 * The caller's search_path is not used: an administrator's may lead to others' operators.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/guc.h"
#include "validate/sql_texts.h"

List *
SqlTexts(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	List *texts = NIL;
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", query);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1);
		MemoryContext old = MemoryContextSwitchTo(caller);

		if (text != NULL)
			texts = lappend(texts, pstrdup(text));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	AtEOXact_GUC(true, level);
	return texts;
}

const char *
SqlText(const char *query)
{
	List *texts = SqlTexts(query);

	return texts == NIL ? NULL : linitial(texts);
}
