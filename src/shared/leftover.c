/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a clean shutdown leaves in the ring.
 *
 * Sessions are ended by the shutdown while the worker is, too: a call that is
 * still open is closed by its session's end, perhaps after the worker's last
 * look.  When all processes are gone the postmaster writes what is left to a
 * file, and the next start reads it back into the ring and removes it.
 *
 * The file is a header and, for each record, its database, length and bytes,
 * and a record without a database at the end.
 * A file of another format, or one that is cut short, is dropped with a
 * message: its records are of a format of this very library.
 */
#include "postgres.h"

#include <unistd.h>

#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "shared/private.h"
#include "storage/fd.h"

#define LEFTOVER_FILE "genops_tempo.leftover"
#define LEFTOVER_MAGIC UINT64CONST(0x67656e6f70733032)

typedef struct LeftoverRecord
{
	Oid database;
	uint32 length;
} LeftoverRecord;

static bool
WriteAll(FILE *file, const void *data, Size length)
{
	return fwrite(data, 1, length, file) == length;
}

static bool
SaveQueue(FILE *file, RingQueue *queue, uint64 *saved)
{
	uint64 ledger_position = pg_atomic_read_u64(&queue->ledger_position);
	uint64 abandoned = 0;
	RingPlace place;
	RingPlace tail;
	RingRecord next;

	RingReadEnds(queue, &place, &tail);
	while (RingWalkNext(&tail, &place, &abandoned, &next))
	{
		LeftoverRecord record = { RingDatabase(queue), (uint32) next.length };

		if (place.position <= ledger_position)
			continue; /* of a ledger that was dropped */
		if (!WriteAll(file, &record, sizeof(record)) || !WriteAll(file, next.data, next.length))
			return false;
		(*saved)++;
	}
	return true;
}

static bool
AnythingLeft(void)
{
	for (int i = 0; i < ring_shared->queue_count; i++)
	{
		RingQueue *queue = &ring_shared->queues[i];

		if (queue->head.position < queue->tail.position)
			return true;
	}
	return false;
}

static bool
SaveAll(FILE *file, uint64 *saved)
{
	uint64 magic = LEFTOVER_MAGIC;
	LeftoverRecord end = { InvalidOid, 0 };

	if (!WriteAll(file, &magic, sizeof(magic)))
		return false;
	for (int i = 0; i < ring_shared->queue_count; i++)
		if (OidIsValid(RingDatabase(&ring_shared->queues[i])) &&
		    !SaveQueue(file, &ring_shared->queues[i], saved))
			return false;
	return WriteAll(file, &end, sizeof(end)) && fflush(file) == 0 && pg_fsync(fileno(file)) == 0;
}

/*
 * After an immediate shutdown the ring cannot be trusted: a worker that was killed
 * between its commit and the release of the batch has stored what still lies there,
 * and a killed session may have held a spinlock.
 */
static bool
WasCleanShutdown(void)
{
	bool valid;
	ControlFileData *control = get_controlfile(DataDir, &valid);

	return valid &&
	       (control->state == DB_SHUTDOWNED || control->state == DB_SHUTDOWNED_IN_RECOVERY);
}

/* Runs in the postmaster at the very end of a shutdown. */
void
RingSaveLeftover(int code, Datum arg)
{
	FILE *file;
	uint64 saved = 0;
	bool complete;

	(void) arg;
	if (code != 0 || ring_shared == NULL || !AnythingLeft() || !WasCleanShutdown())
		return;
	file = AllocateFile(LEFTOVER_FILE ".tmp", PG_BINARY_W);
	complete = file != NULL && SaveAll(file, &saved);
	if (file != NULL)
		FreeFile(file);
	if (complete && durable_rename(LEFTOVER_FILE ".tmp", LEFTOVER_FILE, LOG) == 0)
		ereport(LOG, (errmsg("genops_tempo keeps " UINT64_FORMAT
		                     " spans in file \"%s\" until the next start",
		                     saved, LEFTOVER_FILE)));
	else
		ereport(LOG,
		        (errcode_for_file_access(),
		         errmsg("could not write file \"%s\": %m", LEFTOVER_FILE),
		         errdetail("The spans that were recorded while the server shut down are lost.")));
}

/* False where no record follows; *complete: because there is none. */
static bool
LoadRecord(FILE *file, bool *complete)
{
	LeftoverRecord record;
	char *data;
	RingPart part;
	bool loaded = false;

	if (fread(&record, 1, sizeof(record), file) != sizeof(record) ||
	    record.length > RING_MAX_RECORD)
		return false;
	*complete = !OidIsValid(record.database);
	if (*complete)
		return false;
	data = palloc(record.length);
	part = (RingPart){ data, record.length };
	if (fread(data, 1, record.length, file) == record.length)
		loaded = RingAppendFor(record.database, &part, 1);
	pfree(data);
	return loaded;
}

/* Runs in the postmaster when shared memory has just been made. */
void
RingLoadLeftover(void)
{
	FILE *file = AllocateFile(LEFTOVER_FILE, PG_BINARY_R);
	uint64 magic = 0;
	uint64 loaded = 0;
	bool complete = false;

	if (file == NULL)
	{
		if (errno != ENOENT)
			ereport(LOG, (errcode_for_file_access(),
			              errmsg("could not open file \"%s\": %m", LEFTOVER_FILE)));
		return;
	}
	if (fread(&magic, 1, sizeof(magic), file) == sizeof(magic) && magic == LEFTOVER_MAGIC)
		while (LoadRecord(file, &complete))
			loaded++;
	if (!complete)
		ereport(LOG,
		        (errcode(ERRCODE_DATA_CORRUPTED),
		         errmsg("file \"%s\" of genops_tempo could not be read to its end", LEFTOVER_FILE),
		         errdetail("Spans of it are lost.")));
	FreeFile(file);
	durable_unlink(LEFTOVER_FILE, LOG);
	ereport(LOG, (errmsg("genops_tempo read back " UINT64_FORMAT
	                     " spans that were recorded while the server shut down",
	                     loaded)));
}
