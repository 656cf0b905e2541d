/* SPDX-License-Identifier: PostgreSQL */
/*
 * Making and finding partitions.
 *
 * A partition is made as a table, with its indexes, and then attached: unlike
 * CREATE TABLE ... PARTITION OF, that waits for no reader of the parent.  It
 * belongs to the extension's owner, and nobody is granted anything on it.  A
 * policy of the parent doesn't guard its partitions, if somebody is after all: so
 * each has a copy.
 */
#include "postgres.h"

#include "access/table.h"
#include "configure/own_table.h"
#include "executor/spi.h"
#include "keep/partition.h"
#include "keep/worker_sql.h"
#include "lib/stringinfo.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#define SPAN_PREFIX "ledger_span_"
#define SEGMENT_PREFIX "ledger_segment_"
#define KEY_PREFIX "call_key_"

/*
 * Rows are never changed, so that they can be frozen at once, and vacuum is due
 * once there is about a checkpoint's worth of new ones.  Toasting from 512 bytes
 * on keeps even a small segment's bytes out of the rows that are looked
 * through.
 */
#define SPAN_OPTIONS                  \
	"autovacuum_freeze_min_age = 0, " \
	"autovacuum_vacuum_insert_threshold = 1000000, autovacuum_vacuum_insert_scale_factor = 0"
#define KEY_OPTIONS "autovacuum_freeze_min_age = 0"
#define SEGMENT_OPTIONS "autovacuum_freeze_min_age = 0, toast_tuple_target = 512"

char *
PartitionIndexName(Oid partition, const char *suffix)
{
	return psprintf("%s_%s", get_rel_name(partition), suffix);
}

/* Days since 2000-01-01; a clock may say anything. */
static int
DayNumber(TimestampTz time)
{
	int64 number = time / USECS_PER_DAY;

	return (int) (time < number * USECS_PER_DAY ? number - 1 : number);
}

static LedgerDay
DayOf(int number)
{
	return (LedgerDay){ .start = number * USECS_PER_DAY, .end = (number + 1) * USECS_PER_DAY };
}

static char *
PrintDay(int number, const char *format)
{
	int year, month, day;

	j2date(number + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf(format, year, month, day);
}

static Oid
FindPartition(const char *prefix, int number)
{
	char *day = PrintDay(number, "%04d%02d%02d");
	char *name = psprintf("%s%s", prefix, day);
	Oid table = OwnTableIfThere(name);

	if (OidIsValid(table) && !get_rel_relispartition(table))
		table = InvalidOid;
	pfree(name);
	pfree(day);
	return table;
}

/* ALTER DEFAULT PRIVILEGES may have granted something. */
static void
RevokeAll(const char *name)
{
	StringInfoData revoke;
	uint64 grantees;

	initStringInfo(&revoke);
	grantees =
	    WorkerSql(psprintf("SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' "
	                       "ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END "
	                       "FROM pg_catalog.pg_class, pg_catalog.aclexplode(relacl) "
	                       "WHERE oid = 'genops.%s'::pg_catalog.regclass AND grantee <> relowner",
	                       name));
	for (uint64 i = 0; i < grantees; i++)
		appendStringInfo(&revoke, "REVOKE ALL ON genops.%s FROM %s; ", name, WorkerSqlText(i, 1));
	if (revoke.len > 0)
		WorkerSql(revoke.data);
}

/* A dump has the policy too: a table that is restored may have it already. */
static void
GuardRows(const char *parent, const char *name)
{
	char *policy = psprintf("SELECT pg_catalog.pg_get_expr(p.polqual, p.polrelid) "
	                        "FROM pg_catalog.pg_policy p "
	                        "WHERE p.polname = 'tenant' "
	                        "AND p.polrelid = 'genops.%s'::pg_catalog.regclass "
	                        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy o "
	                        "WHERE o.polname = 'tenant' "
	                        "AND o.polrelid = 'genops.%s'::pg_catalog.regclass)",
	                        parent, name);

	if (WorkerSql(policy) > 0)
		WorkerSql(psprintf("CREATE POLICY tenant ON genops.%s FOR SELECT USING (%s)", name,
		                   WorkerSqlText(0, 1)));
	WorkerSql(psprintf("ALTER TABLE genops.%s ENABLE ROW LEVEL SECURITY", name));
}

/* A table of that name may be there without being attached, if a restore left
 * it so; its indexes may be missing. */
static char *
MakeTable(const char *parent, int number, const char *options)
{
	char *name = psprintf("%s_%s", parent, PrintDay(number, "%04d%02d%02d"));

	WorkerSql(
	    psprintf("CREATE TABLE IF NOT EXISTS genops.%s "
	             "(LIKE genops.%s INCLUDING STORAGE INCLUDING COMPRESSION) USING heap WITH (%s)",
	             name, parent, options));
	RevokeAll(name);
	GuardRows(parent, name);
	return name;
}

static void
Attach(const char *parent, const char *name, int number)
{
	WorkerSql(psprintf(
	    "ALTER TABLE genops.%s ATTACH PARTITION genops.%s FOR VALUES FROM ('%s') TO ('%s')", parent,
	    name, PrintDay(number, "%04d-%02d-%02d 00:00:00+00"),
	    PrintDay(number + 1, "%04d-%02d-%02d 00:00:00+00")));
}

static void
MakeSpanPartition(int number)
{
	char *name = MakeTable("ledger_span", number, SPAN_OPTIONS);

	WorkerSql(
	    psprintf("CREATE INDEX IF NOT EXISTS %s_brin ON genops.%s USING brin (seq, start_time) "
	             "WITH (pages_per_range = 16)",
	             name, name));
	Attach("ledger_span", name, number);
}

static void
MakeSegmentPartition(int number)
{
	char *name = MakeTable("ledger_segment", number, SEGMENT_OPTIONS);

	if (!OidIsValid(OwnTableIfThere(psprintf("%s_pkey", name))))
		WorkerSql(
		    psprintf("ALTER TABLE genops.%s ADD CONSTRAINT %s_pkey PRIMARY KEY (seq)", name, name));
	WorkerSql(psprintf(
	    "CREATE INDEX IF NOT EXISTS %s_stream ON genops.%s (tenant_id, route, seq) WHERE sampled",
	    name, name));
	Attach("ledger_segment", name, number);
}

LedgerDay
PartitionEnsure(TimestampTz recorded_at)
{
	int number = DayNumber(recorded_at);
	LedgerDay day = DayOf(number);

	day.span = FindPartition(SPAN_PREFIX, number);
	day.segment = FindPartition(SEGMENT_PREFIX, number);
	if (OidIsValid(day.span) && OidIsValid(day.segment))
		return day;

	SPI_connect();
	if (!OidIsValid(day.span))
		MakeSpanPartition(number);
	if (!OidIsValid(day.segment))
		MakeSegmentPartition(number);
	SPI_finish();
	day.span = FindPartition(SPAN_PREFIX, number);
	day.segment = FindPartition(SEGMENT_PREFIX, number);
	return day;
}

/* The partitions of a table in the order of their bounds.  The parent stays locked
 * until the transaction ends: retention can't drop one that is about to be opened. */
static Oid *
PartitionsOf(const char *parent, int *count)
{
	Relation relation = OwnParentOpen(parent, AccessShareLock);
	PartitionDesc partitions = RelationGetPartitionDesc(relation, true);
	Oid *oids = palloc(Max(partitions->nparts, 1) * sizeof(Oid));

	*count = partitions->nparts;
	memcpy(oids, partitions->oids, partitions->nparts * sizeof(Oid));
	table_close(relation, NoLock);
	return oids;
}

Oid *
PartitionSegmentTables(int *count)
{
	return PartitionsOf("ledger_segment", count);
}

/* The day in a partition's name; false if it is no name that we give. */
static bool
DayFromName(Oid partition, const char *prefix, int *number)
{
	char *name = get_rel_name(partition);
	const char *digits;
	int year, month, day;

	if (name == NULL || strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	digits = name + strlen(prefix);
	if (strlen(digits) != 8 || strspn(digits, "0123456789") != 8 ||
	    sscanf(digits, "%4d%2d%2d", &year, &month, &day) != 3)
		return false;
	*number = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

LedgerDay *
PartitionDays(int *count)
{
	int span_count;
	Oid *spans = PartitionsOf("ledger_span", &span_count);
	LedgerDay *days = palloc(Max(span_count, 1) * sizeof(LedgerDay));

	*count = 0;
	for (int i = 0; i < span_count; i++)
	{
		int number;

		if (!DayFromName(spans[i], SPAN_PREFIX, &number))
			continue;
		days[*count] = DayOf(number);
		days[*count].span = spans[i];
		days[*count].segment = FindPartition(SEGMENT_PREFIX, number);
		(*count)++;
	}
	pfree(spans);
	return days;
}

Oid
PartitionOfSegments(TimestampTz recorded_at)
{
	if (TIMESTAMP_NOT_FINITE(recorded_at))
		return InvalidOid;
	return FindPartition(SEGMENT_PREFIX, DayNumber(recorded_at));
}

bool
PartitionEndsBefore(Oid segment_partition, TimestampTz time)
{
	int number;

	return DayFromName(segment_partition, SEGMENT_PREFIX, &number) && DayOf(number).end <= time;
}

bool
PartitionBeginsAfter(Oid segment_partition, TimestampTz time)
{
	int number;

	return DayFromName(segment_partition, SEGMENT_PREFIX, &number) && DayOf(number).start > time;
}

TimestampTz
PartitionDayEnd(TimestampTz time)
{
	return DayOf(DayNumber(time)).end;
}

static void
MakeKeyPartition(int number)
{
	char *name = MakeTable("call_key", number, KEY_OPTIONS);

	WorkerSql(psprintf("CREATE INDEX IF NOT EXISTS %s_key ON genops.%s (key)", name, name));
	Attach("call_key", name, number);
}

Oid
PartitionEnsureOfKeys(TimestampTz recorded_at)
{
	int number = DayNumber(recorded_at);
	Oid partition = FindPartition(KEY_PREFIX, number);

	if (OidIsValid(partition))
		return partition;
	SPI_connect();
	MakeKeyPartition(number);
	SPI_finish();
	return FindPartition(KEY_PREFIX, number);
}

Oid *
PartitionsOfKeys(int *count)
{
	return PartitionsOf("call_key", count);
}

TimestampTz
PartitionKeysEnd(Oid partition)
{
	int number;

	return DayFromName(partition, KEY_PREFIX, &number) ? DayOf(number).end : DT_NOBEGIN;
}
