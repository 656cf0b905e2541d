/* SPDX-License-Identifier: PostgreSQL */
/*
 * Makes Tempo tell of each found span what is a column of genops.traceql_row.
 *
 * A search returns what the query mentions and no more: without this a row would
 * often have neither name nor status nor service.  So select(name, status, kind,
 * statusMessage, span:parentID, resource.service.name) is put behind the query, as
 * far as the query does not end in it already.  Behind a bracketed pipeline
 * ("({...} | ...) && (...)") the grammar allows nothing more.
 */
#ifndef GENOPS_CORE_TRACEQL_SELECT_COLUMNS_H
#define GENOPS_CORE_TRACEQL_SELECT_COLUMNS_H

#include "core/traceql/traceql.h"

typedef enum GenopsColumn
{
	GENOPS_COLUMN_NAME,
	GENOPS_COLUMN_STATUS,
	GENOPS_COLUMN_KIND,
	GENOPS_COLUMN_STATUS_MESSAGE,
	GENOPS_COLUMN_PARENT_ID,
	GENOPS_COLUMN_SERVICE_NAME,
	GENOPS_COLUMN_COUNT
} GenopsColumn;

/* The key under which Tempo lists it among a span's attributes.  (The name it does
 * not list there.) */
extern const char *genops_column_key(GenopsColumn column);

/* The column with that key, or GENOPS_COLUMN_COUNT. */
extern GenopsColumn genops_column_by_key(GenopsSlice key);

/*
 * Adds the stage to a search; a metrics query is left as it is.  "named" is set for
 * the columns that the query itself mentions, or an attribute that has the same key:
 * they belong among the attributes.  False if there is no memory.
 */
extern bool genops_traceql_select_columns(GenopsTraceql *traceql, bool named[GENOPS_COLUMN_COUNT]);

#endif
