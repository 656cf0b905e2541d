/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/stream.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct Receiver
{
	DestReceiver shared; /* must be first */
	StreamRow row;
	void *argument;
	MemoryContext context; /* of one row */
} Receiver;

static void
Set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                         false);
}

int
StreamBegin(void)
{
	int level = NewGUCNestLevel();

	Set("search_path", "pg_catalog, pg_temp");
	/* Compiling expressions takes longer than these queries. */
	Set("jit", "off");
	/* A segment's row is small, what it stands for is not. */
	Set("min_parallel_table_scan_size", "0");
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	return level;
}

void
StreamEnd(int level)
{
	SPI_finish();
	PopActiveSnapshot();
	AtEOXact_GUC(true, level);
}

static bool
Receive(TupleTableSlot *row, DestReceiver *shared)
{
	Receiver *receiver = (Receiver *) shared;
	MemoryContext caller = MemoryContextSwitchTo(receiver->context);

	CHECK_FOR_INTERRUPTS();
	receiver->row(receiver->argument, row);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->context);
	return true;
}

static void
Startup(DestReceiver *shared, int operation, TupleDesc descriptor)
{
	(void) shared;
	(void) operation;
	(void) descriptor;
}

static void
Finish(DestReceiver *shared)
{
	(void) shared;
}

static ParamListInfo
Parameters(const StreamParameter *parameters, int count)
{
	ParamListInfo list = makeParamList(count);

	for (int i = 0; i < count; i++)
	{
		list->params[i].value = parameters[i].value;
		list->params[i].isnull = parameters[i].is_null;
		list->params[i].pflags = PARAM_FLAG_CONST;
		list->params[i].ptype = parameters[i].type;
	}
	return list;
}

void
StreamQuery(const char *sql, const StreamParameter *parameters, int count, StreamRow row,
            void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	Receiver receiver = { .shared = { .receiveSlot = Receive,
		                              .rStartup = Startup,
		                              .rShutdown = Finish,
		                              .rDestroy = Finish,
		                              .mydest = DestTuplestore },
		                  .row = row,
		                  .argument = argument };
	SPIExecuteOptions options = { .params = Parameters(parameters, count),
		                          .read_only = true,
		                          .dest = &receiver.shared };
	int result;

	receiver.context = AllocSetContextCreate(caller, "genops row", ALLOCSET_DEFAULT_SIZES);
	result = SPI_execute_extended(sql, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_extended returned %s", SPI_result_code_string(result));
	MemoryContextDelete(receiver.context);
	MemoryContextSwitchTo(caller);
}

Datum
StreamColumn(TupleTableSlot *row, int number)
{
	bool null;
	Datum value = slot_getattr(row, number, &null);

	if (null)
		elog(ERROR, "column %d of a row of the ledger is null", number);
	return value;
}
