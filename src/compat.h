/* SPDX-License-Identifier: PostgreSQL */
/*
 * Differences between PostgreSQL versions.
 */
#ifndef GENOPS_COMPAT_H
#define GENOPS_COMPAT_H

#include "postgres.h"

#include "fmgr.h"
#include "access/genam.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "utils/fmgrprotos.h"
#include "varatt.h"
#endif

/* Before version 16 the declaration that this makes is not exported. */
#if PG_VERSION_NUM < 160000
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(name)                                               \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                            \
	extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, name)(void); \
	const Pg_finfo_record *CppConcat(pg_finfo_, name)(void)                     \
	{                                                                           \
		static const Pg_finfo_record record = { 1 };                            \
		return &record;                                                         \
	}                                                                           \
	extern int no_such_variable
#endif

/* A wait event set that the caller frees. */
static inline WaitEventSet *
compat_create_wait_event_set(int event_count)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, event_count);
#else
	return CreateWaitEventSet(TopMemoryContext, event_count);
#endif
}

/* Whether this process holds the lock in exactly this mode. */
static inline bool
compat_lock_held_by_me(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, false);
#else
	return LockHeldByMe(tag, mode);
#endif
}

/* Puts a new row into the indexes of its table. */
static inline void
compat_insert_index_tuples(ResultRelInfo *target, TupleTableSlot *row, EState *executor)
{
#if PG_VERSION_NUM >= 160000
	list_free(ExecInsertIndexTuples(target, row, executor, false, false, NULL, NIL, false));
#else
	list_free(ExecInsertIndexTuples(target, row, executor, false, false, NULL, NIL));
#endif
}

static inline IndexScanDesc
compat_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int key_count)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, key_count, 0);
#else
	return index_beginscan(heap, index, snapshot, key_count, 0);
#endif
}

/* Whether the role owns the database, by itself or as a superuser. */
static inline bool
compat_owns_database(Oid database, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, database, role);
#else
	return pg_database_ownercheck(database, role);
#endif
}

/* The status of the n-th backend, counted from 1. */
static inline PgBackendStatus *
compat_backend_status(int number)
{
#if PG_VERSION_NUM >= 160000
	return &pgstat_get_local_beentry_by_index(number)->backendStatus;
#else
	return &pgstat_fetch_stat_local_beentry(number)->backendStatus;
#endif
}

/* Whether the role may call the function. */
static inline bool
compat_may_execute(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

/* As timestamptz_in, without raising. */
static inline bool
compat_timestamptz_from_text(char *text, TimestampTz *time)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext trouble = { .type = T_ErrorSaveContext };
	Datum parsed;

	if (!DirectInputFunctionCallSafe(timestamptz_in, text, InvalidOid, -1, (Node *) &trouble,
	                                 &parsed))
		return false;
	*time = DatumGetTimestampTz(parsed);
	return true;
#else
	char work[MAXDATELEN + MAXDATEFIELDS];
	char *fields[MAXDATEFIELDS];
	int types[MAXDATEFIELDS];
	struct pg_tm parts;
	fsec_t fraction;
	int count;
	int kind;
	int zone;

	return ParseDateTime(text, work, sizeof(work), fields, types, MAXDATEFIELDS, &count) == 0 &&
	       DecodeDateTime(fields, types, count, &kind, &parts, &fraction, &zone) == 0 &&
	       kind == DTK_DATE && tm2timestamp(&parts, fraction, &zone, time) == 0;
#endif
}

/* A named wait event where the server has them. */
static inline uint32
compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/* The number of a process: GetPGProcByNumber's. */
static inline int
compat_process_number(PGPROC *process)
{
#if PG_VERSION_NUM >= 170000
	return GetNumberFromPGProc(process);
#else
	return process->pgprocno;
#endif
}

/* Before version 18 ExecutorRun is told whether it runs once. */
#if PG_VERSION_NUM >= 180000
#define COMPAT_EXECUTE_ONCE_PARAMETER
#define COMPAT_EXECUTE_ONCE
#else
#define COMPAT_EXECUTE_ONCE_PARAMETER , bool execute_once
#define COMPAT_EXECUTE_ONCE , execute_once
#endif

#endif
