/*
 * What the system catalogs say.
 *
 * The queries need no rights: they read what everybody may.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "validate/catalog.h"

List *
CatalogTexts(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	List *texts = NIL;

	SPI_connect();
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
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
	return texts;
}

const char *
CatalogText(const char *query)
{
	List *texts = CatalogTexts(query);

	return texts == NIL ? NULL : linitial(texts);
}
