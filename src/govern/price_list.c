/* SPDX-License-Identifier: PostgreSQL */
/*
 * The price list, kept ready in each backend.
 *
 * A statement trigger on the tables invalidates their relcache entries: that is transactional,
 * reaches every backend, and is seen at once by the transaction that made the change.  A
 * backend that heard of one makes its book anew when it next needs a price.  It reads the
 * tables without the executor and under the newest snapshot: whoever records may not be
 * allowed to read them, and may have a snapshot that is older than a price.
 *
 * Whoever records must not wait without limit for whoever has locked the tables either; see
 * Build.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "configure/own_table.h"
#include "configure/utf8_text.h"
#include "fmgr.h"
#include "govern/price_list.h"
#include "monotonic.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(genops_prices_changed);

#define PRICE_TABLE "price"
#define ALIAS_TABLE "price_alias"

enum
{
	ALIAS_PROVIDER = 1,
	ALIAS_ALIAS,
	ALIAS_MODEL,
	ALIAS_ORIGIN
};

static uint64 news = 1;       /* counts invalidations */
static uint64 built_with = 0; /* news when the book was made; 0: never */
static Oid price_table = InvalidOid;
static Oid alias_table = InvalidOid;
static MemoryContext context = NULL; /* frees the book with itself */
static GenopsPriceBook *current = NULL;
static int64 not_before = 0; /* by MonotonicMs(): the tables were locked; 0: they were not */

static void
HearOfRelation(Datum arg, Oid relid)
{
	(void) arg;
	if (relid == InvalidOid || relid == price_table || relid == alias_table)
		news++;
}

static void
ListenOnce(void)
{
	static bool listening = false;

	if (listening)
		return;
	CacheRegisterRelcacheCallback(HearOfRelation, (Datum) 0);
	listening = true;
}

/*
 * Reading rows
 */

/* Not copied: it is the row's. */
static GenopsSlice
TextSlice(Datum value)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

	return (GenopsSlice){ VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text) };
}

static GenopsSlice
TextColumn(const Datum *values, const bool *nulls, int attribute)
{
	return nulls[attribute - 1] ? GENOPS_ABSENT : TextSlice(values[attribute - 1]);
}

static GenopsPriceOrigin
OriginOf(GenopsSlice text)
{
	if (genops_slice_equal(text, GENOPS_LITERAL("user")))
		return GENOPS_PRICE_USER;
	return genops_slice_equal(text, GENOPS_LITERAL("loaded")) ? GENOPS_PRICE_LOADED
	                                                          : GENOPS_PRICE_SHIPPED;
}

/* What our trigger has made; false for anything else. */
static bool
TakePrepared(GenopsPriceRow *row, Datum datum)
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	const int64 *prepared = (const int64 *) ARR_DATA_PTR(array);
	int count = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
	int next = PREPARED_RATES;

	if (count < PREPARED_RATES || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID)
		return false;
	row->known = (uint32) prepared[PREPARED_KNOWN];
	row->window_start = (int) prepared[PREPARED_WINDOW_START];
	row->window_end = (int) prepared[PREPARED_WINDOW_END];
	row->days = (unsigned) prepared[PREPARED_DAYS];
	row->multiplier = prepared[PREPARED_MULTIPLIER];
	for (int i = 0; i < GENOPS_RATE_COUNT && next < count; i++)
		if (row->known & 1u << i)
			row->rate[i] = prepared[next++];
	return next == count;
}

static bool
TakeTimes(GenopsPriceRow *row, const Datum *values, const bool *nulls)
{
	if (!nulls[PRICE_VALID_FROM - 1])
		row->valid_from = PriceTime(DatumGetTimestampTz(values[PRICE_VALID_FROM - 1]));
	if (!nulls[PRICE_VALID_TO - 1])
		row->valid_to = PriceTime(DatumGetTimestampTz(values[PRICE_VALID_TO - 1]));
	return row->valid_from < row->valid_to;
}

static void
RaiseOutOfMemory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
	                errdetail("The list of prices could not be kept ready.")));
}

static void
AddRow(GenopsPriceBook *book, const Datum *values, const bool *nulls)
{
	GenopsPriceRow row = genops_price_row();

	row.id = DatumGetInt64(values[PRICE_ID - 1]);
	row.provider = TextColumn(values, nulls, PRICE_PROVIDER);
	row.model = TextColumn(values, nulls, PRICE_MODEL);
	row.currency = TextColumn(values, nulls, PRICE_CURRENCY);
	row.service_tier = TextColumn(values, nulls, PRICE_SERVICE_TIER);
	row.region = TextColumn(values, nulls, PRICE_REGION);
	row.origin = OriginOf(TextColumn(values, nulls, PRICE_ORIGIN));
	if (!nulls[PRICE_THRESHOLD - 1])
		row.threshold = DatumGetInt64(values[PRICE_THRESHOLD - 1]);
	row.threshold_included =
	    genops_slice_equal(TextColumn(values, nulls, PRICE_THRESHOLD_RULE), GENOPS_LITERAL("ge"));
	if (nulls[PRICE_PREPARED - 1] || !TakePrepared(&row, values[PRICE_PREPARED - 1]) ||
	    !TakeTimes(&row, values, nulls))
		return;
	if (!genops_price_book_add(book, &row))
		RaiseOutOfMemory();
}

typedef void (*EachRow)(GenopsPriceBook *book, const Datum *values, const bool *nulls);

static void
ReadTable(GenopsPriceBook *book, const char *name, int least_columns, EachRow each_row)
{
	Relation relation = OwnTableOpenUnlocked(name); /* by us, or by nobody: see Build */
	TupleDesc descriptor;
	SysScanDesc scan;
	HeapTuple tuple;
	MemoryContext rows;
	MemoryContext old;
	Datum *values;
	bool *nulls;

	if (relation == NULL)
		return;
	descriptor = RelationGetDescr(relation);
	if (descriptor->natts < least_columns)
	{
		RelationClose(relation);
		return;
	}
	values = palloc(descriptor->natts * sizeof(Datum));
	nulls = palloc(descriptor->natts * sizeof(bool));
	rows = AllocSetContextCreate(CurrentMemoryContext, "genops prices", ALLOCSET_SMALL_SIZES);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		old = MemoryContextSwitchTo(rows);
		heap_deform_tuple(tuple, descriptor, values, nulls);
		each_row(book, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(rows);
	}
	systable_endscan(scan);
	RelationClose(relation);
	MemoryContextDelete(rows);
}

/* One for each origin, because the last one counts. */
static GenopsPriceOrigin wanted_origin;

static void
AddAlias(GenopsPriceBook *book, const Datum *values, const bool *nulls)
{
	if (OriginOf(TextColumn(values, nulls, ALIAS_ORIGIN)) != wanted_origin)
		return;
	if (!genops_price_book_add_alias(book, TextColumn(values, nulls, ALIAS_PROVIDER),
	                                 TextColumn(values, nulls, ALIAS_ALIAS),
	                                 TextColumn(values, nulls, ALIAS_MODEL)))
		RaiseOutOfMemory();
}

static void
ReadTables(GenopsPriceBook *book)
{
	ReadTable(book, PRICE_TABLE, PRICE_PREPARED, AddRow);
	for (int origin = GENOPS_PRICE_SHIPPED; origin <= GENOPS_PRICE_USER; origin++)
	{
		wanted_origin = (GenopsPriceOrigin) origin;
		ReadTable(book, ALIAS_TABLE, ALIAS_ORIGIN, AddAlias);
	}
	genops_price_book_trim(book);
}

/*
 * The book
 */
static void
FreeBook(void *book)
{
	genops_price_book_free(book);
}

static GenopsPriceBook *
CreateBook(MemoryContext owner)
{
	MemoryContextCallback *callback = MemoryContextAllocZero(owner, sizeof(MemoryContextCallback));
	GenopsPriceBook *book = genops_price_book_create();

	if (book == NULL)
		RaiseOutOfMemory();
	callback->func = FreeBook;
	callback->arg = book;
	MemoryContextRegisterResetCallback(owner, callback);
	return book;
}

static void
BuildNow(void)
{
	uint64 news_before;
	MemoryContext fresh;
	GenopsPriceBook *book = NULL;

	ListenOnce();
	news_before = news;
	price_table = OwnTableIfThere(PRICE_TABLE);
	alias_table = OwnTableIfThere(ALIAS_TABLE);

	/* A child of the caller's until it is whole, so that an error frees it. */
	fresh = AllocSetContextCreate(CurrentMemoryContext, "genops price book", ALLOCSET_SMALL_SIZES);
	if (OidIsValid(price_table) && OidIsValid(alias_table))
	{
		book = CreateBook(fresh);
		ReadTables(book);
	}
	if (context != NULL)
		MemoryContextDelete(context);
	MemoryContextSetParent(fresh, CacheMemoryContext);
	context = fresh;
	current = book;
	built_with = news_before;
}

/* How long whoever records waits for somebody who has locked the tables. */
#define PATIENCE_MS 250
#define FIRST_PATIENCE_MS 1000

/* Having waited in vain, not again for a while. */
#define RETRY_MS 1000

static bool
LockTables(int patience_ms, Oid *price, Oid *alias)
{
	int64 deadline = MonotonicMs() + patience_ms;

	if (!OwnTableLockToRead(PRICE_TABLE, deadline, price))
		return false;
	if (OwnTableLockToRead(ALIAS_TABLE, deadline, alias))
		return true;
	if (OidIsValid(*price))
		UnlockRelationOid(*price, AccessShareLock);
	return false;
}

/*
 * Like the configuration (configuration.c): what whoever has locked the tables is up to is
 * not committed, so the book that was made last goes on, and who has none yet reads what is
 * committed without the lock.
 */
static void
Build(void)
{
	Oid price;
	Oid alias;

	if (current != NULL && MonotonicMs() < not_before)
		return;
	if (LockTables(current == NULL ? FIRST_PATIENCE_MS : PATIENCE_MS, &price, &alias))
	{
		BuildNow();
		if (OidIsValid(alias))
			UnlockRelationOid(alias, AccessShareLock);
		if (OidIsValid(price))
			UnlockRelationOid(price, AccessShareLock);
		not_before = 0;
	}
	else if (current == NULL)
		BuildNow();
	else
		not_before = MonotonicMs() + RETRY_MS;
}

/* Without the tables nothing would tell that they appear. */
const GenopsPriceBook *
PriceBookGet(void)
{
	if (unlikely(built_with != news || !OidIsValid(price_table)))
		Build();
	return current;
}

Datum
genops_prices_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("function \"%s\" was not called by trigger manager", "prices_changed")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}
