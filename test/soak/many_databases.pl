# SPDX-License-Identifier: PostgreSQL
# Many databases on one server at default settings, one call a second in each: how long it
# takes from the call to the ledger, and how long a call takes that waits for it.  A minute
# after the last call no worker is left.
use strict;
use warnings;

use GenopsSoak;
use GenopsTest;
use GenopsFastReceiver;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $count = size('DATABASES', 8, 40);
my $workers = size('WORKERS', 1, 4);    # 4 is the default
my $seconds = size('SECONDS', 4, 60);
my $idle_seconds = size('IDLE_SECONDS', 0, 90);    # a minute, and time to notice
my $limit_s = size('LIMIT_SECONDS', 6, 2);    # short runs share their machine with others

my @databases = map { "db_$_" } 1 .. $count;
my $receiver = GenopsFastReceiver->start;
my $node = new_node('main', conf => "genops_tempo.flush_interval = '1s'\ngenops_tempo.max_workers = $workers\nmax_connections = 100");

for my $database (@databases)
{
	create_ledger($node, $database);
	deliver_to($node, $receiver, database => $database);
	$node->safe_psql($database, 'CREATE TABLE took (mode text, ms double precision)');
}

# A call a second, at a moment of the database's own.
sub script
{
	my ($mode) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$mode.sql";

	PostgreSQL::Test::Utils::append_to_file($file, <<"END");
SET genops_tempo.durability = $mode;
DO \$\$
DECLARE
	t timestamptz;
BEGIN
	PERFORM pg_sleep(random());
	FOR i IN 1..$seconds LOOP
		t := clock_timestamp();
		PERFORM genops_track('p', '$mode', tenant_id => '$mode');
		INSERT INTO took VALUES ('$mode', extract(epoch FROM clock_timestamp() - t) * 1000);
		COMMIT;
		PERFORM pg_sleep(greatest(0, 1 - extract(epoch FROM clock_timestamp() - t)));
	END LOOP;
END \$\$;
END
	return $file;
}

# Of all databases.
sub figures
{
	my ($query) = @_;

	return map { split /\n/, $node->safe_psql($_, $query) } @databases;
}

for my $mode (qw(async sync))
{
	my $file = script($mode);
	my $log = -s $node->logfile;
	my @sessions = map { background("$_-$mode", 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($_), '-f', $file) } @databases;

	is(wait_for_all(@sessions), '', "$mode: every database records a call a second");
	for my $database (@databases)
	{
		$node->safe_psql($database, "SELECT genops_flush('stored', 60)");
	}
	my @to_ledger = figures("SELECT extract(epoch FROM recorded_at - coalesce(end_time, start_time)) FROM genops.spans WHERE model = '$mode'");
	my @took = map { $_ / 1000 } figures("SELECT ms FROM took WHERE mode = '$mode'");
	my $p99_ledger = percentile(0.99, @to_ledger);
	my $p99_call = percentile(0.99, @took);

	is(scalar @to_ledger, $count * $seconds, "$mode: every call is in its ledger");
	note(sprintf '%s, %d databases: from the call to the ledger p50 %.2f s, p99 %.2f s, at most %.2f s', $mode, $count,
		percentile(0.5, @to_ledger), $p99_ledger, percentile(1, @to_ledger));
	note(sprintf '%s, %d databases: a call takes p50 %.3f s, p99 %.3f s, at most %.3f s', $mode, $count,
		percentile(0.5, @took), $p99_call, percentile(1, @took));
	cmp_ok($p99_ledger, '<=', $limit_s, "$mode: from the call to the ledger, 99 of 100");
	cmp_ok($p99_call, '<=', $limit_s, "$mode: a call, 99 of 100");
	is(join("\n", grep { /could not start a genops worker|did not start/ } split /\n/, substr slurp_file($node->logfile), $log),
		'', "$mode: the log is quiet");
}
flush_exported($node, $_) for @databases;
is($receiver->stats->{distinct}, 2 * $count * $seconds, 'everything is delivered');

if ($idle_seconds)
{
	my $from = time();
	my $left;
	do
	{
		sleep 1;
		$left = $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'genops worker'");
	} while ($left > 0 && time() < $from + $idle_seconds);
	is($left, 0, 'where nothing happens no worker is left a minute later');
	note(sprintf 'the last one left after %.0f s', time() - $from);
}

$node->stop('fast');
$receiver->stop;
done_testing();
