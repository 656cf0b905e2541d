/* SPDX-License-Identifier: PostgreSQL */
/*
 * The tables of the configuration.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "configure/own_table.h"
#include "configure/store.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "monotonic.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(genops_secret_to_store);

enum
{
	SETTING_NAME = 1,
	SETTING_VALUE
};

enum
{
	SECRET_NAME = 1,
	SECRET_ROUTE,
	SECRET_VALUE
};

enum
{
	ROUTE_POSITION = 1,
	ROUTE_NAME,
	ROUTE_TEAM,
	ROUTE_CUSTOMER_ID,
	ROUTE_ENVIRONMENT,
	ROUTE_DATABASE,
	ROUTE_ROLE,
	ROUTE_TENANT_ID,
	ROUTE_OTLP_ENDPOINT,
	ROUTE_SAMPLING_RATE,
	ROUTE_HEADERS
};

enum
{
	PIN_ROLE = 1,
	PIN_FIELD,
	PIN_VALUE
};

Oid
StoreRelation(void)
{
	return OwnTableIfThere("setting");
}

static char *
TextOf(HeapTuple tuple, int column, TupleDesc descriptor)
{
	bool null;
	Datum value = heap_getattr(tuple, column, descriptor, &null);

	return null ? NULL : TextDatumGetCString(value);
}

typedef void *(*ReadRow)(HeapTuple tuple, TupleDesc descriptor);

static List *
ReadTable(const char *name, ReadRow read_row, StoreAccess access)
{
	Relation relation = access == STORE_UNLOCKED ? OwnTableOpenUnlocked(name)
	                                             : OwnTableOpenIfThere(name, AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple;
	List *rows = NIL;

	if (relation == NULL)
		return NIL;
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		rows = lappend(rows, read_row(tuple, RelationGetDescr(relation)));
	systable_endscan(scan);
	if (access == STORE_UNLOCKED)
		RelationClose(relation);
	else
		table_close(relation, AccessShareLock);
	return rows;
}

static void *
ReadSetting(HeapTuple tuple, TupleDesc descriptor)
{
	StoredSetting *setting = palloc(sizeof(StoredSetting));

	setting->name = TextOf(tuple, SETTING_NAME, descriptor);
	setting->value = TextOf(tuple, SETTING_VALUE, descriptor);
	return setting;
}

static void *
ReadSecret(HeapTuple tuple, TupleDesc descriptor)
{
	StoredSecret *secret = palloc(sizeof(StoredSecret));

	secret->name = TextOf(tuple, SECRET_NAME, descriptor);
	secret->route = TextOf(tuple, SECRET_ROUTE, descriptor);
	secret->value = TextOf(tuple, SECRET_VALUE, descriptor);
	return secret;
}

/* What stands for a URL's query in genops.setting. */
static bool
IsMasked(const char *value)
{
	const char *query = strchr(value, '?');

	return query != NULL && strcmp(query + 1, HIDDEN_VALUE) == 0;
}

/* An address whose query a dump did not contain counts as none. */
static List *
Unmasked(List *settings, StoreAccess access)
{
	List *secrets = NIL;
	ListCell *cell;

	foreach (cell, settings)
	{
		StoredSetting *setting = lfirst(cell);

		if (!IsMasked(setting->value))
			continue;
		if (secrets == NIL)
			secrets = ReadTable("secret", ReadSecret, access);
		setting->value = StoredSecretValue(secrets, NULL, setting->name);
		if (setting->value == NULL)
			settings = foreach_delete_current(settings, cell);
	}
	return settings;
}

List *
StoreSettingsBy(StoreAccess access)
{
	return Unmasked(ReadTable("setting", ReadSetting, access), access);
}

List *
StoreSecrets(void)
{
	return ReadTable("secret", ReadSecret, STORE_LOCKED);
}

static List *
TextsOf(HeapTuple tuple, int column, TupleDesc descriptor)
{
	bool null;
	Datum value = heap_getattr(tuple, column, descriptor, &null);
	List *texts = NIL;
	Datum *items;
	bool *nulls;
	int count;

	if (null)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
	                  &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			texts = lappend(texts, TextDatumGetCString(items[i]));
	return texts;
}

static void *
ReadRoute(HeapTuple tuple, TupleDesc descriptor)
{
	StoredRoute *route = palloc0(sizeof(StoredRoute));
	bool null;
	Datum rate;

	route->position = DatumGetInt32(heap_getattr(tuple, ROUTE_POSITION, descriptor, &null));
	route->name = TextOf(tuple, ROUTE_NAME, descriptor);
	route->team = TextOf(tuple, ROUTE_TEAM, descriptor);
	route->customer_id = TextOf(tuple, ROUTE_CUSTOMER_ID, descriptor);
	route->environment = TextOf(tuple, ROUTE_ENVIRONMENT, descriptor);
	route->database = TextOf(tuple, ROUTE_DATABASE, descriptor);
	route->role = TextOf(tuple, ROUTE_ROLE, descriptor);
	route->tenant_id = TextOf(tuple, ROUTE_TENANT_ID, descriptor);
	route->otlp_endpoint = TextOf(tuple, ROUTE_OTLP_ENDPOINT, descriptor);
	route->headers = TextsOf(tuple, ROUTE_HEADERS, descriptor);
	rate = heap_getattr(tuple, ROUTE_SAMPLING_RATE, descriptor, &null);
	if (!null)
	{
		route->sampling_rate = palloc(sizeof(double));
		*route->sampling_rate = DatumGetFloat8(rate);
	}
	return route;
}

static int
CompareRoutes(const ListCell *a, const ListCell *b)
{
	const StoredRoute *left = lfirst(a);
	const StoredRoute *right = lfirst(b);

	if (left->position != right->position)
		return left->position < right->position ? -1 : 1;
	return strcmp(left->name, right->name);
}

List *
StoreRoutesBy(StoreAccess access)
{
	List *routes = ReadTable("route", ReadRoute, access);

	list_sort(routes, CompareRoutes);
	return routes;
}

static void *
ReadPin(HeapTuple tuple, TupleDesc descriptor)
{
	StoredPin *pin = palloc(sizeof(StoredPin));
	bool null;

	pin->role = DatumGetObjectId(heap_getattr(tuple, PIN_ROLE, descriptor, &null));
	pin->field = TextOf(tuple, PIN_FIELD, descriptor);
	pin->value = TextOf(tuple, PIN_VALUE, descriptor);
	return pin;
}

List *
StorePinsBy(StoreAccess access)
{
	return ReadTable("pin", ReadPin, access);
}

/* What ConfigurationGet reads. */
static const char *const read_to_record[STORE_READ_TABLES] = { "setting", "route", "pin" };

bool
StoreLockToRead(int patience_ms, Oid locked[STORE_READ_TABLES])
{
	int64 deadline = MonotonicMs() + patience_ms;

	memset(locked, 0, STORE_READ_TABLES * sizeof(Oid));
	for (int i = 0; i < STORE_READ_TABLES; i++)
		if (!OwnTableLockToRead(read_to_record[i], deadline, &locked[i]))
		{
			StoreUnlock(locked);
			return false;
		}
	return true;
}

void
StoreUnlock(const Oid locked[STORE_READ_TABLES])
{
	for (int i = 0; i < STORE_READ_TABLES; i++)
		if (OidIsValid(locked[i]))
			UnlockRelationOid(locked[i], AccessShareLock);
}

char *
StoredSettingValue(List *settings, const char *name)
{
	ListCell *cell;

	foreach (cell, settings)
	{
		StoredSetting *setting = lfirst(cell);

		if (strcmp(setting->name, name) == 0)
			return setting->value;
	}
	return NULL;
}

char *
StoredSecretValue(List *secrets, const char *route, const char *name)
{
	ListCell *cell;

	foreach (cell, secrets)
	{
		StoredSecret *secret = lfirst(cell);

		if ((route == NULL) == (secret->route == NULL) &&
		    (route == NULL || strcmp(secret->route, route) == 0) && strcmp(secret->name, name) == 0)
			return secret->value;
	}
	return NULL;
}

StoredRoute *
StoredRouteByName(List *routes, const char *name)
{
	ListCell *cell;

	foreach (cell, routes)
	{
		StoredRoute *route = lfirst(cell);

		if (strcmp(route->name, name) == 0)
			return route;
	}
	return NULL;
}

/* Values are parameters: no statement that anybody logs or counts has one. */
static void
Execute(const char *statement, int count, const char *const *texts)
{
	Oid types[3] = { TEXTOID, TEXTOID, TEXTOID };
	Datum values[3];
	char nulls[3];

	for (int i = 0; i < count; i++)
	{
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
		nulls[i] = texts[i] ? ' ' : 'n';
	}
	if (SPI_execute_with_args(statement, count, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
}

void
StoreWriteSetting(const char *name, const char *value)
{
	if (value == NULL)
		Execute("DELETE FROM genops.setting WHERE name = $1", 1, (const char *[]){ name });
	else
		Execute("INSERT INTO genops.setting AS s (name, value) VALUES ($1, $2)"
		        " ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value",
		        2, (const char *[]){ name, value });
}

/* While it is written.  As a parameter it would be in the plan that auto_explain logs. */
static const char *secret_to_store = NULL;

Datum
genops_secret_to_store(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	if (secret_to_store == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(secret_to_store));
}

void
StoreWriteSecret(const char *route, const char *name, const char *value)
{
	if (value == NULL)
	{
		Execute("DELETE FROM genops.secret WHERE route IS NOT DISTINCT FROM $1 AND name = $2", 2,
		        (const char *[]){ route, name });
		return;
	}
	secret_to_store = value;
	PG_TRY();
	{
		Execute("INSERT INTO genops.secret AS s (route, name, value)"
		        " VALUES ($1, $2, genops_internal.secret_to_store())"
		        " ON CONFLICT (route, name) DO UPDATE SET value = EXCLUDED.value",
		        2, (const char *[]){ route, name });
	}
	PG_FINALLY();
	{
		secret_to_store = NULL;
	}
	PG_END_TRY();
}

/* The lock is on the table that only they write: it keeps nobody from
 * recording, and the worker from nothing. */
void
StoreLock(void)
{
	static const char *const written[] = { "setting", "secret", "route" };

	LockRelationOid(OwnTable("secret"), ShareRowExclusiveLock);
	for (int i = 0; i < (int) lengthof(written); i++)
		OwnTableRequireOwnTriggers(OwnTable(written[i]));
}
