# SPDX-License-Identifier: PostgreSQL
# Every span's name carries its tenant, and the receiver compares: under load from several
# clients, with few tenants and many, with the queue full, stored at once and later, while the
# configuration is reloaded, workers are terminated, endpoints fail in storms, and the
# extension is dropped and created again.
use strict;
use warnings;

use GenopsFastReceiver;
use GenopsSession;
use GenopsSoak;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $step_s = size('STEP_SECONDS', 0.1, 0.5);
my $spans = size('SPANS', 20000, 1_000_000);
my $clients = size('CLIENTS', 4, 4);
my $recreations = size('RECREATIONS', 2, 10);
my $reloads = size('RELOADS', 3, 20);
my @tenant_counts = (2, 50, 2000);

# What a server is started with; and how it, its sessions and its endpoint are disturbed.
my %servers = (
	'defaults' => '',
	'a full queue' => "genops_tempo.shared_memory = '1MB'");
my %configurations = (
	'defaults' => 'schedule_delay_millis => 100',
	'a full queue' => 'schedule_delay_millis => 100, max_queue_size => 512');

# Of all spans: those that are stored at once wait for a commit each.
my %shares = (async => 0.9, sync => 0.1);
my $statement_calls = 20;

my ($node, $receiver);

sub query { return $node->safe_psql('postgres', $_[0]); }

# What a client runs: two calls of two tenants, whose records lie side by side, and a statement
# of many.
sub script
{
	my ($durability, $tenants) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$durability-$tenants.sql";

	PostgreSQL::Test::Utils::append_to_file($file, <<"END") unless -e $file;
\\set a random(1, $tenants)
\\set b random(1, $tenants)
BEGIN;
SET LOCAL genops_tempo.durability = $durability;
SET LOCAL genops_tempo.queue_timeout = '60s';
SELECT genops_track('openai', 'cust-' || :a, tenant_id => 'cust-' || :a);
SELECT genops_track('openai', 'customer-number-' || :b, tenant_id => 'customer-number-' || :b);
SET LOCAL genops_tempo.durability = async;
SELECT count(genops_track('openai', t, tenant_id => t))
FROM (SELECT 'cust-' || (1 + random() * ($tenants - 1))::int AS t FROM generate_series(1, $statement_calls - 2) OFFSET 0) x;
COMMIT;
END
	return $file;
}

sub start_load
{
	my ($durability, $tenants, $calls) = @_;
	my $transactions = 1 + int($calls / $clients / $statement_calls);

	return (
		background("load", 'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $transactions, '-f', script($durability, $tenants),
			'-h', $node->host, '-p', $node->port, 'postgres'),
		$transactions * $clients * $statement_calls);
}

# While the load runs: reloads, ends of workers, storms of refusals.
sub disturb
{
	my ($load, $number) = @_;
	my $reloaded = 0;
	my $turn = 0;

	while (kill(0, $load->{pid}) && !_ended($load))
	{
		$node->reload if $reloaded++ < $reloads;
		$receiver->set_mode($turn % 3 == 0 ? 'fail_permille=500' : $turn % 3 == 1 ? 'fail_permille=100 delay_ms=20' : ());
		query("SELECT pg_terminate_backend(worker_pid) FROM genops.stat_recording WHERE worker_pid IS NOT NULL")
		  if $turn % 5 == 3;
		$turn++;
		sleep $step_s;
	}
	$receiver->set_mode();
	return $reloaded;
}

sub _ended
{
	my ($load) = @_;

	open my $file, '<', "/proc/$load->{pid}/stat" or return 1;
	return (<$file> =~ s/^.*\) //r) =~ /^Z/;
}

sub nothing_is_wrong
{
	my ($what) = @_;
	my $stats = $receiver->stats;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($stats->{wrong}, 0, "$what: none of $stats->{spans} spans came under another tenant") or diag($receiver->wrong);
	return $stats;
}

my $compared = 0;

for my $server (sort keys %servers)
{
	my $recorded = 0;

	$receiver = GenopsFastReceiver->start;
	$node = new_node($server =~ s/\W+/_/gr, conf => "max_connections = 50\n$servers{$server}");
	create_ledger($node);
	deliver_to($node, $receiver, arguments => $configurations{$server});

	for my $durability (sort keys %shares)
	{
		for my $tenants (@tenant_counts)
		{
			my $what = "$server, $durability, $tenants tenants";
			my ($load, $calls) = start_load($durability, $tenants,
				$spans * $shares{$durability} / @tenant_counts / keys %servers);
			my $started = time();

			disturb($load);
			is(wait_for_all($load), '', "$what: the load runs to its end");
			flush_exported($node);
			$recorded += $calls;
			my $stats = nothing_is_wrong($what);
			note(sprintf '%s: %d calls, %.0f a second; %d spans arrived more than once; %d requests refused',
				$what, $calls, $calls / (time() - $started), $stats->{spans} - $stats->{distinct}, $stats->{refused});
			is(query("SELECT recorded, stored, queued, dropped FROM genops.stat_recording"), "$recorded|$recorded|0|0",
				"$what: nothing is lost");
			tenants_agree($node, $receiver, $what);
		}
	}

	# The extension goes and comes back while sessions record and requests are under way.
	my @recorders = map { GenopsSession->new($node) } 1 .. $clients;
	query("CREATE TABLE go_on (yes boolean); INSERT INTO go_on VALUES (true)");
	$_->start(<<'END') for @recorders;
SET genops_tempo.queue_timeout = '60s';
DO $$
DECLARE t text;
BEGIN
	WHILE (SELECT yes FROM go_on) LOOP
		BEGIN
			FOR i IN 1..50 LOOP
				t := 'tenant-' || 'abcdefgh' || (random() * 200)::int;
				PERFORM genops_track('openai', t, tenant_id => t);
			END LOOP;
		EXCEPTION WHEN OTHERS THEN
			PERFORM pg_sleep(0.01);
		END;
		COMMIT;
	END LOOP;
END $$
END
	for my $recreation (1 .. $recreations)
	{
		sleep 0.5;
		$receiver->set_mode($recreation % 2 ? 'delay_ms=100' : 'fail_permille=300');
		query($recreation % 3 ? 'DROP EXTENSION genops_tempo' : 'BEGIN; DROP EXTENSION genops_tempo; CREATE EXTENSION genops_tempo; COMMIT');
		query('CREATE EXTENSION IF NOT EXISTS genops_tempo');
		deliver_to($node, $receiver, arguments => $configurations{$server});
	}
	sleep 0.5;
	query('UPDATE go_on SET yes = false');
	$_->finish for @recorders;
	$receiver->set_mode();
	is(join('', map { grep { /FATAL|PANIC|server closed/ } split /\n/, $_->errors } @recorders), '', "$server: recorders go on through recreations");
	flush_exported($node);
	my $stats = nothing_is_wrong("$server, recreated");
	is(query(<<'END'), 't|t|t', "$server, recreated: the new ledger's sums are its own");
SELECT bool_and(stored = exported + pending + rejected + not_sampled + expired + skipped), bool_and(pending = 0),
	sum(stored) = (SELECT count(*) FROM genops.spans)
FROM genops.stat_delivery
END
	is(query('SELECT recorded - queued - stored - dropped, queued, dropped - dropped_discarded, dropped_full FROM genops.stat_recording'),
		'0|0|0|0', "$server, recreated: every call is in a ledger or went with its own");
	$compared += $stats->{spans};
	$_->close for @recorders;
	$node->stop('fast');
	$receiver->stop;
}

cmp_ok($compared, '>=', $spans, "$compared spans were compared");
done_testing();
