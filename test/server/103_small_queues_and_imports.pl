# SPDX-License-Identifier: PostgreSQL
# Rules: a queue that is full, or where somebody waits for room, is due, however small it is
# and however long the flush interval; a statement that outruns the worker waits for room as
# long as the worker makes progress; and calls that are dropped are told to the session, once
# a statement with their number and the cause, and to the log with the database's name.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', conf => <<'END');
genops_tempo.shared_memory = '1MB'
genops_tempo.flush_interval = '60s'
END

create_ledger($node);
create_ledger($node, 'small');
create_ledger($node, 'importing');
$node->safe_psql('small', 'SELECT count(*) FROM genops_configure(max_queue_size => 512)');

sub counts
{
	my ($database) = @_;

	return $node->safe_psql($database, "SELECT complete FROM genops_flush('stored', 60)") . '|'
	  . $node->safe_psql($database, 'SELECT recorded, stored, dropped FROM genops.stat_recording');
}

sub track
{
	my ($database, $count, $settings) = @_;
	my ($status, $out, $errors) = $node->psql($database, <<"END");
SET statement_timeout = '20s';
SET client_min_messages = warning;
@{[ $settings || '' ]};
SELECT count(genops_track('p', 'm', feature => 'f' || i)) FROM generate_series(1, $count) i;
END
	return $errors;
}

# Without patience there is no waiting for room; with it, all of it is made by the worker.
for my $database (qw(postgres small))
{
	$node->safe_psql($database, "SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");
	is(track($database, 20000), '', "$database: a statement fills the queue many times over");
	is(counts($database), 't|20001|20001|0', 'and nothing is lost, nor did it take flush intervals');
}

# Several sessions at a time, each statement with little.
my @sessions = map { GenopsSession->new($node, 'small') } 1 .. 4;
$_->start("SET statement_timeout = '20s'; SELECT count(genops_track('p', 'm')) FROM generate_series(1, 500)") for @sessions;
$_->finish for @sessions;
is(join('', map { $_->errors } @sessions), '', 'sessions that share a small queue');
is(counts('small'), 't|22001|22001|0', 'lose nothing');
$_->close for @sessions;

# An import right after a start, when no worker runs.
for my $round (1 .. 2)
{
	$node->restart;
	is(track('importing', 60000), '', "import $round: no worker runs when it begins");
	is(counts('importing'), 't|60000|60000|0', 'every call of it is stored');
}

# What cannot be stored is told.
my $locker = GenopsSession->new($node, 'importing');
$locker->query('BEGIN; LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE');
my $log = -s $node->logfile;
for my $case ([ 3000, 'SET genops_tempo.queue_timeout = 0' ], [ 50, "SET genops_tempo.queue_timeout = '20ms'" ])
{
	my ($calls, $settings) = @$case;
	my $before = $node->safe_psql('importing', 'SELECT dropped FROM genops.stat_recording');
	my $warnings = track('importing', $calls, $settings);
	my $dropped = $node->safe_psql('importing', 'SELECT dropped FROM genops.stat_recording') - $before;

	cmp_ok($dropped, '>', 0, "calls find no room: $settings");
	is(scalar(() = $warnings =~ /WARNING:/g), 1, 'the session gets one warning for the statement');
	like($warnings, qr/WARNING:.*\b$dropped\b/, 'with their number');
	like($warnings, qr/\bfull\b|\broom\b/, 'and the cause');
}

# AFTER triggers run when the rows are there: they are the statement's, too.
{
	my ($before, $after);
	my $warnings;

	$node->safe_psql('importing', <<'END');
CREATE TABLE request (id int);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM genops_track('p', 'm');
	RETURN NULL;
END $$;
CREATE TRIGGER record AFTER INSERT ON request FOR EACH ROW EXECUTE FUNCTION record();
END
	for my $statement (
		'INSERT INTO request SELECT generate_series(1, 100)',
		'WITH new AS (INSERT INTO request SELECT generate_series(1, 100) RETURNING id) SELECT count(*) FROM new',
		'INSERT INTO request SELECT generate_series(1, 100) RETURNING id')
	{
		$before = $node->safe_psql('importing', 'SELECT dropped FROM genops.stat_recording');
		(undef, undef, $warnings) = $node->psql('importing', "SET genops_tempo.queue_timeout = 0; $statement");
		$after = $node->safe_psql('importing', 'SELECT dropped FROM genops.stat_recording');
		is($after - $before, 100, 'no call of a trigger finds room');
		is(scalar(() = $warnings =~ /WARNING:/g), 1, "the statement gets one warning: $statement");
		like($warnings, qr/WARNING:  100 AI calls/, 'with their number');
	}
}
ok( eval {
		local $GenopsTest::DEADLINE_SECONDS = 30;
		wait_until('the log names the database',
			sub { slurp_file($node->logfile, $log) =~ /LOG: .*database "importing"/ });
	},
	'the log names the database');
$locker->query('COMMIT');
$locker->close;

# A wait for room has an end where no worker can come.
my $inside = GenopsSession->new($node, 'small');
$node->safe_psql('postgres', 'ALTER DATABASE small ALLOW_CONNECTIONS false');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = 'genops worker' AND datname = 'small'");
$inside->query("SET statement_timeout = '30s'; SET genops_tempo.queue_timeout = '2s'; SELECT count(genops_track('p', 'm')) FROM generate_series(1, 1000)");
unlike($inside->errors, qr/timeout\b.*\bcancel|cancel.*timeout/, 'a statement ends though the database takes no worker');
like($inside->errors, qr/WARNING:.*not recorded/, 'and is told');
$inside->close;
$node->safe_psql('postgres', 'ALTER DATABASE small ALLOW_CONNECTIONS true');
like(counts('small'), qr/^t\|/, 'when it takes one again, what was recorded is stored');

$node->stop('fast');
done_testing();
