/* SPDX-License-Identifier: PostgreSQL */
/*
 * The extension's entry points: what happens when the library is loaded.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/environment.h"
#include "configure/prepared_changes.h"
#include "deliver/launcher.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "record/call.h"
#include "record/loss_report.h"
#include "shared/ring.h"
#include "settings.h"
#include "shared/key_table.h"
#include "storage/ipc.h"
#include "utils/builtins.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "genops_tempo", .version = GENOPS_VERSION);
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(genops_version);

static shmem_request_hook_type previous_shmem_request_hook = NULL;
static shmem_startup_hook_type previous_shmem_startup_hook = NULL;

static void
RequestSharedMemory(void)
{
	if (previous_shmem_request_hook)
		previous_shmem_request_hook();
	RingShmemRequest();
	KeyTableShmemRequest();
}

static void
StartSharedMemory(void)
{
	if (previous_shmem_startup_hook)
		previous_shmem_startup_hook();
	RingShmemStart();
	KeyTableShmemStart();
}

void
_PG_init(void)
{
	SettingsDefine();

	/* Without preloading, what reads the ledger still works. */
	if (!process_shared_preload_libraries_in_progress)
		return;
	EnvironmentLog();

	previous_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = RequestSharedMemory;
	previous_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = StartSharedMemory;

	CallsInit();
	LossReportInit();
	KeepOutInit();
	PreparedChangesInit();
	if (!IsBinaryUpgrade)
		LauncherRegister();
}

Datum
genops_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(GENOPS_VERSION));
}
