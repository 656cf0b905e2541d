# SPDX-License-Identifier: PostgreSQL
# The money is spent, whatever becomes of the transaction: every way in which one
# ends records its calls once, with the right status, error type and attribution.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main', conf => 'max_prepared_transactions = 2');

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION fails() RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL SAFE
	AS $$ BEGIN RETURN 1 / 0; END $$;
CREATE FUNCTION fails_but_for_errors() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN genops_observe(genops_begin('p', 'm', feature => 'caught'), fails());
EXCEPTION WHEN division_by_zero THEN
	PERFORM genops_track('p', 'm', feature => 'tracked by the handler');
	RETURN 'handled';
END $$;
CREATE TABLE prompt AS SELECT i FROM generate_series(1, 20) i;
ALTER TABLE prompt SET (parallel_workers = 2);
ANALYZE prompt;
END

# What a call was begun with stays, whatever is set when its transaction ends.
my $session = GenopsSession->new($node, 'postgres', settings => ['genops.team=begun']);

$session->query(<<'END');
BEGIN;
SELECT genops_track('p', 'm', feature => 'tracked, rolled back');
SELECT genops_begin('p', 'm', feature => 'rolled back');
SET genops.team = 'other';
ROLLBACK
END
$session->query(<<'END');
BEGIN;
SELECT genops_begin('p', 'm', feature => 'begun before the savepoint') AS call \gset
SAVEPOINT s;
SELECT genops_track('p', 'm', feature => 'tracked after the savepoint');
SELECT genops_begin('p', 'm', feature => 'begun after the savepoint');
ROLLBACK TO s;
SELECT genops_end(:'call');
COMMIT
END
is($session->query('SELECT fails_but_for_errors()'), 'handled', 'a handler runs as ever');
$session->query("SELECT genops_observe(genops_begin('p', 'm', feature => 'not caught'), fails())");
$session->query(<<'END');
BEGIN;
SELECT genops_begin('p', 'm', feature => 'never ended');
COMMIT
END
$session->query(<<'END');
BEGIN;
SELECT genops_begin('p', 'm', feature => 'prepared');
SELECT genops_track('p', 'm', feature => 'tracked, prepared');
PREPARE TRANSACTION 'p';
SELECT fails();
ROLLBACK PREPARED 'p'
END

# Ended from outside while the model is being asked.
sub ask_model
{
	my ($feature) = @_;

	$session->start(
		"SELECT genops_observe(genops_begin('p', 'm', feature => '$feature'), pg_sleep(3600)::text)");
	$session->wait_for_event('PgSleep');
}
ask_model('cancelled');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
$session->finish;
like($session->errors, qr/canceling statement due to user request/, 'the statement was cancelled');
$session->query(<<'END');
SET statement_timeout = '50ms';
SELECT genops_observe(genops_begin('p', 'm', feature => 'timed out'), pg_sleep(3600)::text);
RESET statement_timeout
END
like($session->errors, qr/due to statement timeout/, 'the statement timed out');
ask_model('terminated');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(@{[ $session->pid ]})");
$session->wait_for_end;

# In parallel workers, and nowhere else.
sub in_parallel
{
	my ($expression) = @_;
	my $plan = $node->safe_psql('postgres', <<"END");
SET genops.team = 'begun';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (ANALYZE, COSTS off) SELECT $expression FROM prompt;
END

	like($plan, qr/Workers Launched: [1-9].*Parallel Seq Scan/s, 'a parallel plan ran');
}
in_parallel(q{genops_track('p', 'm', feature => 'tracked in parallel')});
in_parallel(q{genops_observe(genops_begin('p', 'm', feature => 'observed in parallel'), i)});
my ($status, undef, $error) = $node->psql('postgres', <<'END');
SET genops.team = 'begun';
SELECT set_config(name, 'on', false) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT genops_observe(genops_begin('p', 'm', feature => 'failed in parallel'), fails());
END
like($error, qr/division by zero.*CONTEXT:.*parallel worker/s, 'an error came from a parallel worker');

# A call within a call that fails with it.
$node->psql('postgres', <<'END');
SET genops.team = 'begun';
SELECT genops_observe(genops_begin('p', 'outer', feature => 'nested'),
	genops_observe(genops_begin('p', 'inner', feature => 'nested'),
		genops_track('p', 'tracked', feature => 'nested') || fails()));
END

flush_exported($node);
my @expected = sort map { s/^\s+//r } split /\n/, <<'END';
	begun after the savepoint|error|_OTHER|t|1
	begun before the savepoint|unset|||1
	cancelled|error|57014||1
	caught|error|22012||1
	failed in parallel|error|22012||1
	nested|error|22012||2
	nested|unset|||1
	never ended|unset||t|1
	not caught|error|22012||1
	observed in parallel|unset|||20
	prepared|unset||t|1
	rolled back|error|_OTHER|t|1
	terminated|error|57P01||1
	timed out|error|57014||1
	tracked after the savepoint|unset|||1
	tracked by the handler|unset|||1
	tracked in parallel|unset|||20
	tracked, prepared|unset|||1
	tracked, rolled back|unset|||1
END
my @kept = sort split /\n/, $node->safe_psql('postgres', <<'END');
SELECT feature, status, attributes ->> 'error.type', (attributes ->> 'genops.call.unfinished')::boolean, count(*)
FROM genops.spans WHERE team = 'begun' GROUP BY 1, 2, 3, 4
END
is_deeply(\@kept, \@expected, 'the ledger has each call once, as it ended');
is($node->safe_psql('postgres', 'SELECT DISTINCT team FROM genops.spans'),
	'begun', 'charged to whom it was begun for');

my %arrived;
for my $span ($receiver->spans)
{
	my $attributes = $span->{attributes};

	$arrived{
		join '|', $attributes->{feature}{string}, $span->{status},
		$attributes->{'error.type'}{string} // '', $attributes->{'genops.call.unfinished'} ? 't' : ''
	}++;
}
is_deeply([ sort map { "$_|$arrived{$_}" } keys %arrived ], \@expected, 'and the endpoint too');

is( $node->safe_psql('postgres', <<'END'),
SELECT string_agg(s.model || ' in ' || coalesce(p.model, '-'), ', ' ORDER BY s.start_time)
FROM genops.spans s LEFT JOIN genops.spans p ON p.span_id = s.parent_span_id
WHERE s.feature = 'nested'
END
	'outer in -, inner in outer, tracked in inner',
	'calls that were aborted together keep their parents');
is( $node->safe_psql('postgres', 'SELECT recorded = stored, queued, dropped FROM genops.stat_recording'),
	't|0|0',
	'and nothing was lost');

$node->stop('fast');
$receiver->stop;
done_testing();
