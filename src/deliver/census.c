/* SPDX-License-Identifier: PostgreSQL */
/*
 * The census: which databases have a ledger.
 *
 * CREATE EXTENSION marks its database with a setting, which stands in the
 * shared catalog pg_db_role_setting.  This process reads it and has a
 * worker look at each marked database, so that what was pending when the server
 * stopped is delivered without anybody recording anything.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
#include "deliver/launcher.h"
#include "postmaster/bgworker.h"
#include "shared/seat.h"
#include "tcop/tcopprot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#define MARK "genops_tempo.ledger="

static bool
IsMarked(ArrayType *settings)
{
	Datum *items;
	int count;

	deconstruct_array(settings, TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char *item = TextDatumGetCString(items[i]);
		bool on;

		if (strncmp(item, MARK, strlen(MARK)) == 0 && parse_bool(item + strlen(MARK), &on))
			return on;
	}
	return false;
}

static void
NoteLedgers(Relation relation)
{
	TableScanDesc scan = table_beginscan_catalog(relation, 0, NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_db_role_setting row = (Form_pg_db_role_setting) GETSTRUCT(tuple);
		bool null;
		Datum settings = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig,
		                              RelationGetDescr(relation), &null);

		if (null || OidIsValid(row->setrole) || !OidIsValid(row->setdatabase) ||
		    !IsMarked(DatumGetArrayTypeP(settings)))
			continue;
		(void) SeatNoteLedger(row->setdatabase);
	}
	table_endscan(scan);
}

void
GenopsCensusMain(Datum database)
{
	Relation relation;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DbRoleSettingRelationId, AccessShareLock);
	NoteLedgers(relation);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}
