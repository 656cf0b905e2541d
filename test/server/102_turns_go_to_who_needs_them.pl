# SPDX-License-Identifier: PostgreSQL
# Rules: with fewer workers than databases a worker goes to who has spans queued or pending,
# the oldest first, and to no one else; an idle database asks for nothing; a worker that is
# done leaves when others wait, and one whose endpoint fails keeps no one waiting.  The log
# is quiet about all that.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my @idle = map { "idle_$_" } 1 .. 8;
my @failing = map { "failing_$_" } 1 .. 3;
my $receiver = start_receiver();
my $unavailable = start_receiver();

# As many processes as they need at a time: the two launchers, the workers and the census.
my $node = new_node('main', conf => "genops_tempo.max_workers = 2\nmax_worker_processes = 5");

sub workers { return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'genops worker'"); }

# A call whose session waits until it is stored, for 10 s at the most: the issue's limit is 2.
sub sync_call
{
	my ($database) = @_;
	my ($status, undef, $errors) = $node->psql($database, <<'END');
SET statement_timeout = '10s';
SET genops_tempo.durability = sync;
SELECT genops_track('p', 'm', feature => 'sync');
END
	return $status == 0 && $errors eq '';
}

for my $database (@idle)
{
	create_ledger($node, $database);
	deliver_to($node, $receiver, database => $database, arguments => 'schedule_delay_millis => 100');
	$node->safe_psql($database, "SELECT genops_track('p', 'm', feature => 'first')");
}
$receiver->wait_for_spans(scalar @idle);
pass('every database has delivered');

# Nothing is recorded: whoever has a worker may keep it, nobody gets one.
sleep 1;
my %known = map { $_ => 1 } split /\n/, workers();
my %new;
for (1 .. 80)
{
	$new{$_} = 1 for grep { !$known{$_} } split /\n/, workers();
	sleep 0.1;
}
is(scalar keys %new, 0, 'no worker is started for databases where nothing happens');

# One call in one database after the other.
my @late = grep { !sync_call($_) } @idle, @idle;
is("@late", '', 'a call in any idle database is stored at once');

# Databases whose spans cannot be delivered have something pending all the time.
$unavailable->set_mode({ mode => 'status', code => 503 });
for my $database (@failing)
{
	create_ledger($node, $database);
	deliver_to($node, $unavailable, database => $database, arguments => 'schedule_delay_millis => 20');
	$node->safe_psql($database, "SELECT genops_track('p', 'm', feature => '$database')");
}
wait_until('their requests', sub { $unavailable->stats->{requests} >= 3 });
@late = grep { !sync_call($_) } @idle, @idle;
is("@late", '', 'nor do databases with a dead endpoint keep others waiting');
$unavailable->set_mode();
wait_until('their spans', sub { $unavailable->stats->{spans} >= 3 });
is(join(' ', sort map { $_->{attributes}{feature}{string} } $unavailable->spans), "@failing",
	'whose spans are delivered when it is back');

# All at once: the oldest first, so that nobody waits longer than all the others together.
my @sessions;
for my $database (@idle, @failing)
{
	my ($in, $out, $errors) = ('', '', '');

	push @sessions,
	  [ $database, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($database), '-c', 'SET statement_timeout = \'20s\'',
			'-c', 'SET genops_tempo.durability = sync', '-c', "SELECT genops_track('p', 'm') FROM generate_series(1, 20)" ],
			'<', \$in, '>', \$out, '2>', \$errors) ];
}
@late = grep { !IPC::Run::finish($_->[1]) } @sessions;
is(join(' ', map { $_->[0] } @late), '', 'all databases at a time are served');

is( join("\n", grep { /could not start a genops worker|genops workers can be started again|did not start/ } split /\n/, slurp_file($node->logfile)),
	'', 'the log has nothing to say of all this');

$node->stop('fast');
$_->stop for $receiver, $unavailable;
done_testing();
