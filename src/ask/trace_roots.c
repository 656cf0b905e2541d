/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/ledger_sql.h"
#include "ask/stream.h"
#include "ask/trace_roots.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

typedef struct Root
{
	uint8 trace_id[GENOPS_TRACE_ID_SIZE]; /* the key */
	char *name;                           /* NULL: none was found */
	char *service;
	int64 seq; /* where it is in the ledger */
	int32 offset;
} Root;

TraceRoots *
TraceRootsBegin(void)
{
	TraceRoots *roots = palloc(sizeof(TraceRoots));
	HASHCTL control = { .keysize = GENOPS_TRACE_ID_SIZE, .entrysize = sizeof(Root) };

	roots->context =
	    AllocSetContextCreate(CurrentMemoryContext, "genops roots", ALLOCSET_DEFAULT_SIZES);
	control.hcxt = roots->context;
	roots->wanted =
	    hash_create("genops roots", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return roots;
}

void
TraceRootsWant(TraceRoots *roots, const uint8 trace_id[GENOPS_TRACE_ID_SIZE])
{
	bool found;
	Root *root = hash_search(roots->wanted, trace_id, HASH_ENTER, &found);

	if (!found)
		root->name = root->service = NULL;
}

static Datum
WantedIds(TraceRoots *roots)
{
	Datum *ids = palloc_extended(Max(hash_get_num_entries(roots->wanted), 1) * sizeof(Datum),
	                             MCXT_ALLOC_HUGE);
	int count = 0;
	HASH_SEQ_STATUS walk;
	Root *root;

	hash_seq_init(&walk, roots->wanted);
	while ((root = hash_seq_search(&walk)) != NULL)
		ids[count++] = PointerGetDatum(root->trace_id); /* a pg_uuid_t is its bytes */
	return PointerGetDatum(construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

/* Rows come in any order.  The last span without a parent is the root, as in
 * core/traceql/trace.c. */
static void
TakeRoot(void *argument, TupleTableSlot *row)
{
	TraceRoots *roots = argument;
	Root *root = hash_search(roots->wanted, DatumGetUUIDP(StreamColumn(row, 1)), HASH_FIND, NULL);
	int64 seq = DatumGetInt64(StreamColumn(row, 4));
	int32 offset = DatumGetInt32(StreamColumn(row, 5));
	bool no_name;
	Datum name = slot_getattr(row, 3, &no_name);
	MemoryContext caller;

	if (root == NULL ||
	    (root->name != NULL && (seq < root->seq || (seq == root->seq && offset < root->offset))))
		return;
	root->seq = seq;
	root->offset = offset;
	caller = MemoryContextSwitchTo(roots->context);
	root->service = TextDatumGetCString(StreamColumn(row, 2));
	root->name = no_name ? pstrdup("") : TextDatumGetCString(name);
	MemoryContextSwitchTo(caller);
}

void
TraceRootsLookUp(TraceRoots *roots, const TraceqlRequest *request)
{
	LedgerParameters parameters = LedgerParametersOf(request, GENOPS_LITERAL(""));

	if (hash_get_num_entries(roots->wanted) == 0)
		return;
	parameters.list[LEDGER_TRACES - 1] = (StreamParameter){ UUIDARRAYOID, WantedIds(roots), false };
	StreamQuery(LedgerRoots(request), parameters.list, LEDGER_PARAMETERS, TakeRoot, roots);
}

bool
TraceRootsFind(TraceRoots *roots, const uint8 trace_id[GENOPS_TRACE_ID_SIZE], const char **name,
               const char **service)
{
	Root *root = hash_search(roots->wanted, trace_id, HASH_FIND, NULL);

	if (root == NULL || root->name == NULL)
		return false;
	*name = root->name;
	*service = root->service;
	return true;
}
