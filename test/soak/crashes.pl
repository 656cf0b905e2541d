# SPDX-License-Identifier: PostgreSQL
# The whole server is killed, again and again, while sessions record in one database and in
# many: what a call was told to be stored is in the ledger; of what is not, at most a flush
# interval is lost; everything in the ledger is delivered; and the sums hold.
use strict;
use warnings;

use GenopsFastReceiver;
use GenopsSoak;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = size('ROUNDS', 2, 20);
my $many = size('DATABASES', 4, 40);
my $flush_interval_s = 1;    # the default

# How much older than the flush interval a lost call may be: storing itself takes time, and
# longer where many databases share few workers.  That is what a crash loses, 2 s in all.
my $storing_s = size('STORING_SECONDS', 2, 1);

# A client of a database: calls, each with its number, in the way that it was told.  psql
# prints a line when the server has answered.
sub script
{
	my ($mode, $round) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$mode-$round.sql";

	return $file if -e $file;
	my $text = "SET genops_tempo.durability = $mode;\n";
	$text .= "SELECT '$_', extract(epoch FROM clock_timestamp()) FROM genops_track('p', '$mode', feature => '$round-$_', tenant_id => '$mode');\n"
	  . ($mode eq 'async' ? "SELECT pg_sleep(0.005) \\g /dev/null\n" : '')
	  for 1 .. 3000;
	PostgreSQL::Test::Utils::append_to_file($file, $text);
	return $file;
}

# The processes of the server: the postmaster and all its children.
sub processes
{
	my ($node) = @_;
	my $postmaster = $node->{_pid};

	return ($postmaster, grep { $_ } split ' ', slurp_file("/proc/$postmaster/task/$postmaster/children"));
}

# All at the same moment; then waits until nobody is left.
sub kill_server
{
	my ($node) = @_;
	my @processes = processes($node);
	my $at = time();

	kill STOP => $processes[0];    # starts no others
	kill KILL => @processes, processes($node);
	wait_until('all processes of the server are gone', sub { !grep { kill 0, $_ } @processes });
	$node->{_pid} = undef;
	return $at;
}

# What was answered: [number, when].
sub answered
{
	my ($client) = @_;

	return map { [ split /\|/ ] } grep { /^\d+\|\d+\.\d+$/ } split /\n/, slurp_file($client->{log});
}

for my $count (1, $many)
{
	my $receiver = GenopsFastReceiver->start;
	my $node = new_node("server_$count",
		conf => "genops_tempo.flush_interval = '${flush_interval_s}s'\nmax_connections = 200\nlog_min_messages = warning");
	my @databases = map { "db_$_" } 1 .. $count;
	my ($acknowledged, $lost_sync, $lost_async, $oldest_lost, $lost_from) = (0, 0, 0, 0, '');

	for my $database (@databases)
	{
		create_ledger($node, $database);
		deliver_to($node, $receiver, database => $database);
	}
	for my $round (1 .. $rounds)
	{
		my @clients;

		for my $number (0 .. $#databases)
		{
			my $database = $databases[$number];

			# Where one session waits until its calls are stored, others' are stored as well.
			for my $mode (($number + $round) % 2 ? 'async' : qw(async sync))
			{
				push @clients,
				  { database => $database, mode => $mode,
					%{ background("$database-$mode-$round", 'psql', '-XAtq', '-d', $node->connstr($database), '-f', script($mode, $round)) } };
			}
		}
		sleep 2 + rand(1.5);
		my $killed_at = kill_server($node);
		wait_for_all(@clients);
		$node->start;

		for my $client (@clients)
		{
			my %stored = map { $_ => 1 } split /\n/, $node->safe_psql($client->{database},
				"SELECT split_part(feature, '-', 2) FROM genops.spans WHERE model = '$client->{mode}' AND feature LIKE '$round-%'");
			my @answered = answered($client);

			$acknowledged += @answered;
			for my $call (grep { !$stored{ $_->[0] } } @answered)
			{
				my $age = $killed_at - $call->[1];

				$lost_sync++ if $client->{mode} eq 'sync';
				next if $client->{mode} eq 'sync';
				$lost_async++;
				($oldest_lost, $lost_from) = ($age, "$client->{database}, round $round") if $age > $oldest_lost;
			}
		}
	}
	cmp_ok($acknowledged, '>', 10 * $rounds * $count, "$count databases: $acknowledged calls were answered before $rounds crashes");
	is($lost_sync, 0, "$count databases: none is lost that was said to be stored");
	cmp_ok($oldest_lost, '<', $flush_interval_s + $storing_s,
		"$count databases: of the others only what came within a flush interval before the crash");
	note(sprintf '%d databases: %d calls lost in %d crashes, the oldest %.2f s old (%s)', $count, $lost_async, $rounds, $oldest_lost, $lost_from);

	my $in_ledgers = 0;
	my @wrong;
	for my $database (@databases)
	{
		flush_exported($node, $database);
		my ($spans, @holds) = split /\|/, $node->safe_psql($database, <<'END');
SELECT count(*), count(*) = count(DISTINCT span_id), count(*) = (SELECT sum(calls) FROM genops.spend),
	count(*) = (SELECT sum(stored) FROM genops.stat_delivery), (SELECT bool_and(stored = exported AND pending = 0) FROM genops.stat_delivery)
FROM genops.spans
END
		$in_ledgers += $spans;
		push @wrong, "$database: @holds" if grep { $_ ne 't' } @holds;
	}
	is(join("\n", @wrong), '', "$count databases: no span is there twice, and the sums hold");
	is($receiver->stats->{distinct}, $in_ledgers, "$count databases: what is in a ledger was delivered, and nothing else");
	$node->stop('fast');
	$receiver->stop;
}

done_testing();
