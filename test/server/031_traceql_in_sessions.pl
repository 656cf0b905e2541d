# SPDX-License-Identifier: PostgreSQL
# genops_traceql in transactions, beside other sessions, in parallel and often.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', conf => <<'END');
max_worker_processes = 16
max_parallel_workers = 4
END

create_ledger($node);

my $now = "genops_track('openai', 'gpt-4o', team => '%s')";

sub count_of { return "SELECT count(*) FROM genops_traceql('{ .team = \"$_[0]\" }')"; }

# What the same transaction recorded is seen, if its snapshot can.
is($node->safe_psql('postgres', sprintf("BEGIN; SELECT $now \\g /dev/null\n%s; COMMIT", 'same', count_of('same'))),
	'1', 'what the transaction recorded itself');
is($node->safe_psql('postgres', sprintf("BEGIN; SELECT $now \\g /dev/null\nROLLBACK; %s", 'rolled back', count_of('rolled back'))),
	'1', 'what was rolled back is money spent');

my $session = GenopsSession->new($node);

$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$session->query(sprintf("SELECT $now \\g /dev/null", 'repeatable'));
is($session->query(count_of('repeatable')), '0', 'an older snapshot does not see it');
unlike($session->errors, qr/WARNING/, 'nor is it waited for');
$session->query('COMMIT');
is($session->query(count_of('repeatable')), '1', 'the next transaction does');

# The worker cannot store while we hold a lock on its tables: not waited for.
for my $lock ('LOCK TABLE genops.ledger_segment', 'LOCK TABLE genops.ledger_span IN SHARE MODE')
{
	$session->query("BEGIN; $lock");
	$session->query(sprintf("SELECT $now \\g /dev/null", $lock));
	is($session->query(count_of($lock)), '0', "within $lock it answers");
	$session->query('COMMIT');
	is($session->query(count_of($lock)), '1', 'and behind it with what was recorded');
}
unlike($session->errors, qr/ERROR/, 'without an error');

# The dialect says how it reads a query.
my (undef, undef, $told) = $node->psql('postgres', q(SELECT count(*) FROM genops_traceql('{} | sum(.genops.cost.total_cost) by (.team)')));
like($told, qr/NOTICE:  "sum" without a comparison is read as "sum_over_time" over the whole time range/, 'a notice');
(undef, undef, $told) = $node->psql('postgres', q(SELECT count(*) FROM genops_traceql('{} | quantile(.duration, 0.95)')));
like($told, qr/NOTICE:  "quantile" is read as "quantile_over_time".*NOTICE:  ".duration" is read as the span's "duration"/s, 'one for each change');
(undef, undef, $told) = $node->psql('postgres', q(SELECT count(*) FROM genops_traceql('{ duration > 1s }')));
is($told, '', 'none for TraceQL');

# Many spans, in many segments.
$node->safe_psql('postgres', <<'END');
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'many', team => 'team ' || i % 7, customer_id => i, prompt_tokens => i, total_cost => i,
	started_at => timestamptz '2026-01-02 03:00:00Z' + i * interval '1 ms', attributes => jsonb_build_object('i', i))
FROM generate_series(1, 50000) i \g /dev/null
SELECT genops_flush('stored', 60);
ANALYZE genops.ledger_span, genops.ledger_segment;
END
my $many = "since => NULL, tenant_id => 'many'";

# Statements end soon when they are cancelled.
my (undef, undef, $cancelled) = $node->psql('postgres', <<"END");
\\set VERBOSITY verbose
SET statement_timeout = '100 ms';
SELECT count(*) FROM generate_series(1, 100000), genops_traceql('{ .i % 3 = 1 } | count() > 0', $many);
END
like($cancelled, qr/ERROR:  57014: /, 'a timeout ends a query');
$session->start("SELECT count(*) FROM generate_series(1, 100000) i, LATERAL genops_traceql('{ .i =~ \".*' || i || '\" } >> { .i > 1 }', $many)");
wait_until('the query runs', sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = @{[ $session->pid ]} AND state = 'active'") });
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
$session->finish;
like($session->errors, qr/canceling statement due to user request/, 'and so does a cancel');
is($session->query(count_of('same')), '1', 'the session goes on');

# Workers help, and change nothing.
sub answers
{
	my ($settings) = @_;
	my $all = join ";\n", map { "SELECT md5(string_agg(t::text, '' ORDER BY n)), count(*) FROM (SELECT t, row_number() OVER () AS n FROM genops_traceql('$_', $many) t) x" }
	  '{ .i > 49000 }', '{ .team = "team 3" }', '{ .i > 100 } | count() > 0', '{ .i % 5 = 1 } | count_over_time() by (.team)',
	  '{} | sum_over_time(.genops.cost.total_cost) by (.team)', '{ .i < 3000 } | quantile_over_time(.i, 0.5)';

	return $node->safe_psql('postgres', "$settings; $all");
}

my $serial = answers('SET max_parallel_workers_per_gather = 0');
my @parallel = ('SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2');

is(answers(@parallel), $serial, 'the same answers in parallel');
$node->append_conf('postgresql.conf', "session_preload_libraries = 'auto_explain'\nauto_explain.log_min_duration = 0\nauto_explain.log_nested_statements = on\nauto_explain.log_analyze = on");
$node->reload;
my $log_offset = -s $node->logfile;

answers(@parallel);
my $log = slurp_file($node->logfile, $log_offset);

like($log, qr/Workers Launched: [12].*?genops_internal\.segment_matches|genops_internal\.segment_matches.*?Workers Launched: [12]/s, 'searches run in parallel');
like($log, qr/Workers Launched: [12].*?segment_counts|segment_counts.*?Workers Launched: [12]/s, 'and so do metrics');
$node->append_conf('postgresql.conf', "session_preload_libraries = ''");
$node->reload;

# Wherever a function can be called.
is($node->safe_psql('postgres', <<"END"), '7', 'below a query that could run in parallel');
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(DISTINCT s.team) FROM genops.spans s JOIN genops_traceql('{ .i > 49000 }', $many) t USING (trace_id)
END
is($node->safe_psql('postgres', <<"END"), '3|1000', 'in PL/pgSQL');
CREATE FUNCTION teams(OUT teams bigint, OUT spans bigint) LANGUAGE plpgsql AS \$\$
DECLARE
	found record;
BEGIN
	spans := 0;
	FOR found IN SELECT * FROM genops_traceql('{ .i > 49000 }', $many) LOOP
		spans := spans + 1;
	END LOOP;
	BEGIN
		PERFORM genops_traceql('{ .i / 0 = 1 }', $many);
	EXCEPTION WHEN division_by_zero THEN
		teams := 3;
	END;
END \$\$;
SELECT * FROM teams();
END
is($node->safe_psql('postgres', <<"END"), "50000\n49999", 'in a cursor');
BEGIN;
DECLARE c CURSOR FOR SELECT (attributes ->> 'i')::int FROM genops_traceql('{ .team != nil }', $many);
FETCH 2 FROM c;
COMMIT;
END
is($node->safe_psql('postgres', "PREPARE p (text) AS SELECT count(*) FROM genops_traceql(\$1, $many);" . 'EXECUTE p(\'{ .i <= 5 }\');' x 7),
	join("\n", (5) x 7), 'in a prepared statement');

# Sorts spill.
my $whole = "SELECT md5(string_agg(t.span_id, '' ORDER BY n)), count(*) FROM (SELECT span_id, row_number() OVER () AS n FROM genops_traceql('{}', $many)) t";

is($node->safe_psql('postgres', "SET work_mem = '64kB'; $whole"), $node->safe_psql('postgres', "SET work_mem = '256MB'; $whole"), 'with little memory');
is($node->safe_psql('postgres', "SET work_mem = '64kB'; SELECT count(*), sum(matched) FROM genops_traceql('{} | count() > 0', $many)"), '50000|50000',
	'whole traces, too');

# Nothing piles up.
$node->safe_psql('postgres', <<'END');
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'few', team => 'team ' || i % 7, attributes => jsonb_build_object('i', i))
FROM generate_series(1, 500) i \g /dev/null
SELECT genops_flush('stored');
END
my $few = "since => NULL, tenant_id => 'few'";

sub resident_kb
{
	my ($pid) = @_;

	return slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 - rss_shared($pid) : undef;
}

sub rss_shared { return slurp_file("/proc/$_[0]/status") =~ /^RssShmem:\s+(\d+)/m ? $1 : 0; }

my $often = <<"END";
DO \$\$
BEGIN
	FOR i IN 1..200 LOOP
		PERFORM count(*) FROM genops_traceql('{ .i > 450 }', $few);
		PERFORM count(*) FROM genops_traceql('{ .i > 450 } | by(.team) | count() > 0', $few, max_traces => 20);
		PERFORM count(*) FROM genops_traceql('{ .team =~ "team [1-3]" && .i < 10 } | rate() by (.team)', $few, step => '0');
		BEGIN
			PERFORM genops_traceql('{ .i / 0 = 1 && .team =~ "a.*" }', $few);
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
	END LOOP;
END \$\$;
SELECT sum(total_bytes) FROM pg_backend_memory_contexts;
END

SKIP: {
	skip 'no /proc', 2 unless -r '/proc/self/status';
	$session->query('SET max_parallel_workers_per_gather = 0');
	my $contexts = $session->query($often);
	my $memory = resident_kb($session->pid);

	cmp_ok($session->query($often), '<', $contexts + 1024 * 1024, 'no memory context grows');
	cmp_ok(resident_kb($session->pid), '<', $memory + 8 * 1024, 'nor does the process');
}

$session->close;
$node->stop('fast');
done_testing();
