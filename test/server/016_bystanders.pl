# SPDX-License-Identifier: PostgreSQL
# What others do in the database stops neither recording nor storing nor delivery:
# triggers, event triggers, a publication of all tables, transactions and cursors that
# stay open.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main', conf => 'wal_level = logical');
my $recorded = 0;

sub query { return $node->safe_psql('postgres', $_[0]); }

# Records, and sees it stored and delivered.
sub goes_on
{
	my ($bystander) = @_;

	query(<<'END');
SELECT genops_track('p', 'm', total_cost => 0.5, options => '{"kind": "client"}') FROM generate_series(1, 10)
END
	$recorded += 10;
	flush_exported($node);
	is( query('SELECT recorded = stored, queued, dropped FROM genops.stat_recording')
		  . ' ' . query('SELECT stored, exported FROM genops.stat_delivery')
		  . ' ' . scalar($receiver->spans),
		"t|0|0 $recorded|$recorded $recorded",
		$bystander);
}

create_ledger($node);
deliver_to($node, $receiver);

# All are there before the first span is, so that its partitions are made among them.
query(<<'END');
CREATE ROLE meddler;
GRANT ALL ON SCHEMA public, genops TO meddler;
GRANT ALL ON ALL TABLES IN SCHEMA genops TO meddler;
SET ROLE meddler;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY '{ledger_span, ledger_segment, ledger_state, delivery, spend_total}'::text[] LOOP
		EXECUTE format('CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON genops.%I FOR EACH ROW EXECUTE FUNCTION refuse()', t);
		EXECUTE format('CREATE TRIGGER refuse_all AFTER INSERT OR UPDATE OR DELETE ON genops.%I FOR EACH STATEMENT EXECUTE FUNCTION refuse()', t);
	END LOOP;
END $$;
RESET ROLE;
CREATE FUNCTION refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
END
query("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO $_") for qw(meddler PUBLIC);
query('CREATE PUBLICATION everything FOR ALL TABLES');
query("SELECT pg_create_logical_replication_slot('everything', 'pgoutput')");
query('CREATE EVENT TRIGGER refuse_ddl ON ddl_command_end EXECUTE FUNCTION refuse_ddl()');
goes_on('triggers of a role that may, an event trigger, a publication of all tables');

for my $statement ('UPDATE genops.ledger_state SET paused = false', 'INSERT INTO genops.ledger_span SELECT * FROM genops.ledger_span', 'CREATE TABLE t ()')
{
	my (undef, undef, $error) = $node->psql('postgres', $statement);

	like($error, qr/ERROR:  refused/, "others would have stumbled: $statement");
}
query('DROP EVENT TRIGGER refuse_ddl');
is( query(<<'END'),
SELECT count(*) FROM pg_class
WHERE relname ~ '^ledger_(span|segment)_\d+$' AND has_table_privilege('meddler', oid, 'SELECT')
END
	0, 'default privileges open no partition');
my $deleted = query(<<'END');
SELECT genops_configure(headers => '{"X-Secret": "a"}'); SELECT genops_configure(headers => '{"X-Secret": null}');
SELECT count(*) FROM genops.secret
END
like($deleted, qr/\n0$/, 'a header can be removed, also when deletes are published');

# Snapshots, locks and portals that stay.
my $reader = GenopsSession->new($node);
my $scroller = GenopsSession->new($node);

$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $reader->query('SELECT count(*), sum(total_cost) FROM genops.spans');
$scroller->query('BEGIN; DECLARE c CURSOR FOR SELECT span_id, attributes FROM genops.spans; FETCH 3 FROM c');
goes_on('an open transaction that has read the ledger, and an open cursor');
is($reader->query('SELECT count(*), sum(total_cost) FROM genops.spans'), $seen, 'whose snapshot stays as it was');
is($reader->query('SELECT sum(calls), sum(total_cost) FROM genops.spend'), $seen, 'the totals too');

# Retention, of a day that all those spans are moved to.
sub new_worker
{
	my $old = query('SELECT pg_terminate_backend(worker_pid, 60000) FROM genops.stat_recording');

	is($old, 't', 'the next worker begins with housekeeping');
}

sub old_spans { return query("SELECT count(*) FROM genops.spans WHERE recorded_at < '2021-01-01'"); }

$_->query('COMMIT') for $reader, $scroller;
query(<<'END');
SET session_replication_role = replica;
CREATE TABLE genops.ledger_span_20200101 (LIKE genops.ledger_span INCLUDING ALL);
CREATE TABLE genops.ledger_segment_20200101 (LIKE genops.ledger_segment INCLUDING ALL);
ALTER TABLE genops.ledger_segment_20200101 ADD CONSTRAINT ledger_segment_20200101_pkey PRIMARY KEY (seq);
CREATE INDEX ledger_segment_20200101_stream ON genops.ledger_segment_20200101 (tenant_id, route, seq) WHERE sampled;
ALTER TABLE genops.ledger_span ATTACH PARTITION genops.ledger_span_20200101
	FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00');
ALTER TABLE genops.ledger_segment ATTACH PARTITION genops.ledger_segment_20200101
	FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00');
CREATE TEMP TABLE span AS TABLE genops.ledger_span;
CREATE TEMP TABLE segment AS TABLE genops.ledger_segment;
UPDATE span SET recorded_at = '2020-01-01 12:00+00';
UPDATE segment SET recorded_at = '2020-01-01 12:00+00';
TRUNCATE genops.ledger_span, genops.ledger_segment;
INSERT INTO genops.ledger_span TABLE span;
INSERT INTO genops.ledger_segment TABLE segment;
END
is(old_spans(), $recorded, 'spans are of an old day');
$reader->query("BEGIN; SELECT count(*) FROM genops.spans");
$scroller->query('BEGIN; DECLARE c CURSOR FOR SELECT span_id, attributes FROM genops.spans; FETCH 3 FROM c');
query("SELECT genops_configure(retention => '30 days')");
my $expired = $recorded;

new_worker();
goes_on('retention that waits for readers');
is(old_spans(), $expired, 'which keep the day');
like($scroller->query('FETCH 1 FROM c'), qr/gen_ai/, 'and read on');
$_->query('COMMIT') for $reader, $scroller;
new_worker();
goes_on('retention without any');
wait_until('retention', sub { old_spans() == 0 });
is( query('SELECT count(*), (SELECT sum(calls) FROM genops.spend), (SELECT trim_scale(sum(total_cost)) FROM genops.spend) FROM genops.spans'),
	join('|', $recorded - $expired, $recorded, $recorded * 0.5),
	'totals outlive the spans');
is(query('SELECT expired FROM genops.stat_delivery'), 0, 'nothing expired that was not delivered');

my $log = slurp_file($node->logfile);

unlike($log, qr/genops worker will try again|genops ledger fails|PANIC|TRAP/, 'the worker met no error');
$node->stop('fast');
$receiver->stop;
done_testing();
