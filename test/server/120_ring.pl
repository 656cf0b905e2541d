# SPDX-License-Identifier: PostgreSQL
# The ring under several processes that come, wait, fail and die at random, against what
# a queue is: every record that was accepted comes out once, whole and in order, and what
# did not is counted.
#
# The library under test is src/shared with points at which processes are disturbed
# (test/module).  It covers the interleavings in which one process is stopped at a point
# while the others go through all of theirs:
#
#   page needed, page taken   between finding no room, getting a page, and linking it
#   reserved, copied          between reserving a slot, copying, and publishing
#   published                 before the worker is woken
#   no room, before sleep     between looking at the condition and sleeping
#   wish locked, wish made    while a wish is put on its list, and before the condition
#   ends read                 between reading head and tail and walking the slots
#   head moved                between moving the head and giving back the pages
#   stored                    between publishing progress and waking who waits for it
#   seat taken                between taking a seat and being known to exit
#
# and ends of processes: of writers between reserving and publishing (as other
# extensions' background workers could, were their signals not blocked), of those who wait,
# by an error and by the end of the session, and of the reader between taking and releasing.
#
#   GENOPS_RING_SEED, GENOPS_RING_ROUNDS    another random sequence; more of them
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{GENOPS_RING_SEED} || 4711;
my $rounds = $ENV{GENOPS_RING_ROUNDS} || 2;
my $writers = 6;
my $node = new_node('main', conf => "shared_preload_libraries = 'genops_ring_test'\nmax_connections = 90");

sub query { return $node->safe_psql('postgres', $_[0]); }

query(<<'END');
CREATE SCHEMA genops; -- without it no one waits
CREATE FUNCTION test_seed(bigint) RETURNS void LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION test_point_set(text, int, int, int) RETURNS void LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION test_point_hold(text, boolean) RETURNS void LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION test_points(OUT name text, OUT visits bigint, OUT pauses bigint, OUT errors bigint, OUT fatals bigint, OUT held int)
	RETURNS SETOF record LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION test_history(OUT n int, OUT what text, OUT actor int, OUT item bigint, OUT outcome bigint, OUT begun bigint, OUT ended bigint)
	RETURNS SETOF record LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION test_history_clear() RETURNS void LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION ring_test_write(int, bigint, int, int) RETURNS int LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION ring_test_read(int, int, int) RETURNS boolean LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION ring_test_limit(int) RETURNS void LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION ring_test_state(OUT recorded bigint, OUT queued bigint, OUT queued_bytes bigint, OUT stored bigint,
	OUT dropped_full bigint, OUT dropped_too_large bigint, OUT abandoned bigint, OUT pages bigint, OUT free_pages bigint, OUT waiters int)
	RETURNS record LANGUAGE c AS 'genops_ring_test';
CREATE FUNCTION ring_test_background_writer(int, text) RETURNS int LANGUAGE c AS 'genops_ring_test';
END

my %state_before;

sub state
{
	my @names = qw(recorded queued queued_bytes stored dropped_full dropped_too_large abandoned pages free_pages waiters);
	my %state;

	@state{@names} = split /\|/, query('SELECT * FROM ring_test_state()');
	return %state;
}

sub fatals { return query("SELECT coalesce(sum(fatals), 0) FROM test_points() WHERE name IN ('reserved', 'copied')"); }

# A writer's session; it may be ended at any point.
sub start_writer
{
	my ($writer, $first, $count) = @_;
	my $session = GenopsSession->new($node);

	$session->start("SELECT test_seed(1000000::bigint * $seed + $writer); SELECT ring_test_write($writer, $first, $count, 100)");
	return $session;
}

# Errors of a session that was ended on purpose are no news.
sub finish { my ($session) = @_; eval { $session->finish }; eval { $session->close }; }

sub run_round
{
	my ($round, $limit) = @_;
	my $reader_seed = $seed + $round;
	my (@sessions, $reader);
	my $end = time() + 6;

	query("SELECT ring_test_limit($limit)");
	for (my $n = 1; time() < $end; $n++)
	{
		push @sessions, map { start_writer($round * 1000 + $n * 10 + $_, 0, 500) } 1 .. $writers if @sessions < 6 * $writers;

		# Two who want to read: one has the seat.
		my @readers = map { GenopsSession->new($node) } 1 .. 2;

		$readers[$_]->start("SELECT test_seed(100::bigint * $reader_seed + $n * 2 + $_); " . "SELECT ring_test_read($n * 2 + $_, 200, 10);" x 5) for 0 .. 1;
		finish($_) for @readers;
	}
	$reader = GenopsSession->new($node);
	wait_until('the seat', sub { $reader->query("SELECT ring_test_read(0, 10, 0)") =~ /t/ });
	$reader->start('SELECT ring_test_read(0, 600000, 0)');
	finish($_) for @sessions;
	query('SELECT pg_cancel_backend(' . $reader->pid . ')');
	$reader->finish;
	$reader->query('SELECT ring_test_read(0, 200, 0)');
	$reader->close;
}

# What happened, against a queue that does one thing after the other.
sub check_history
{
	my ($round) = @_;
	my (%append, %released, @faults, @released, @publish, @waits, @seats, %last);
	my %outcomes = map { $_ => 0 } 0 .. 3, 'cut';

	for (split /\n/, query('SELECT * FROM test_history() ORDER BY n'))
	{
		my ($n, $what, $actor, $item, $outcome, $begun, $ended) = split /\|/;

		if ($what eq 'append')
		{
			$append{"$actor $item"} = [ $begun, $ended, $ended ? $outcome : 'cut' ];
			$outcomes{ $ended ? $outcome : 'cut' }++;
		}
		push @released, [ $actor, $item, $outcome ] if $what eq 'release';
		push @publish, [ $item, $ended ] if $what eq 'publish';
		push @waits, [ $item, $outcome, $begun, $ended ] if $what eq 'wait' && $ended;
	}

	my $latest_begin = 0;
	for my $record (@released)
	{
		my ($writer, $number, $whole) = @$record;
		my $append = $append{"$writer $number"};

		push @faults, "$writer $number came out twice" if $released{"$writer $number"}++;
		push @faults, "$writer $number is not what was written" if $whole == -2;
		push @faults, "$writer $number came out of nowhere" unless $append;
		push @faults, "$writer $number overtook another of its writer" if ($last{$writer} // -1) >= $number;
		$last{$writer} = $number;
		next unless $append;
		push @faults, "$writer $number came out though it was refused" unless $append->[2] eq '0' || $append->[2] eq 'cut';

		# What had ended before an earlier record of the queue began cannot come after it.
		push @faults, "$writer $number came out too late" if $append->[1] && $append->[1] < $latest_begin;
		$latest_begin = $append->[0] if $append->[0] > $latest_begin;
	}
	for my $key (keys %append)
	{
		push @faults, "$key was accepted and is lost" if $append{$key}[2] eq '0' && !$released{$key};
	}
	@faults = @faults[ 0 .. 9 ] if @faults > 10;
	is("@faults", '', "round $round: " . scalar(@released) . ' records came out once, whole and in order');

	# Nobody sleeps on when his wish has come true, nor wakes before.
	my ($early, $late) = (0, 0);
	for my $wait (@waits)
	{
		my ($position, $success, $begun, $ended) = @$wait;
		my ($published) = grep { $_->[0] >= $position } @publish;

		$early++ if $success && (!$published || $ended < $published->[1] - 1e9);
		$late++ if $published && $ended > ($begun > $published->[1] ? $begun : $published->[1]) + 9e8;
		$late++ unless $success;
	}
	is("$early $late", '0 0', "round $round: " . scalar(@waits) . ' waits ended when they should');

	my %now = state();
	my $died = fatals() - ($state_before{died} || 0);
	is($now{recorded} - ($state_before{recorded} || 0), scalar keys %append, "round $round: every call is counted");
	is($now{recorded}, $now{stored} + $now{queued} + $now{dropped_full} + $now{dropped_too_large} + $now{abandoned},
		"round $round: as stored, queued or dropped");
	is($now{stored} - ($state_before{stored} || 0), scalar @released, "round $round: as many as came out are stored");
	is($now{abandoned} - ($state_before{abandoned} || 0), $died, "round $round: slots of the dead are counted, each once");
	is($now{dropped_too_large} - ($state_before{dropped_too_large} || 0), $outcomes{2}, "round $round: what was too large, too");
	is("$now{queued} $now{queued_bytes} $now{waiters}", '0 0 0', "round $round: nothing is left in the queue, nor on its list");
	is($now{free_pages}, $now{pages}, "round $round: all pages are back in the pool");
	note(join ', ', map { "outcome $_: $outcomes{$_}" } sort keys %outcomes);
	%state_before = (%now, died => fatals());
	query('SELECT test_history_clear()');
}

# Undisturbed, disturbed, and with a limit.
run_round(1, 0);
check_history('undisturbed');
my @points = ('page needed', 'page taken', 'reserved', 'copied', 'published', 'no room', 'before sleep', 'wish locked',
	'wish made', 'ends read', 'head moved', 'stored', 'seat taken');
query("SELECT test_point_set('$_', 150, 0, 0)") for @points;
query("SELECT test_point_set('$_', 150, 0, 1)") for 'reserved', 'copied';
query("SELECT test_point_set('$_', 150, 10, 5)") for 'no room', 'before sleep';
for my $round (2 .. 1 + $rounds)
{
	run_round($round, $round % 2 ? 0 : 20);
	check_history($round);
}
is(query('SELECT string_agg(name, \', \') FROM test_points() WHERE pauses = 0'), '', 'processes were stopped at every point');
is(query('SELECT count(*) FROM test_points()'), scalar @points, 'that there is');
cmp_ok(query("SELECT min(fatals) FROM test_points() WHERE name IN ('reserved', 'copied', 'before sleep')"), '>', 0,
	'and ended where they may be');
diag("seed $seed");
note(query('SELECT * FROM test_points()'));

# Another extension's background worker that is terminated while it holds what others
# need: it goes when it has let go of it.
query("SELECT test_point_set('$_', 0, 0, 0)") for @points;
my $reader = GenopsSession->new($node);
$reader->start('SELECT ring_test_read(0, 600000, 0)');
for my $point ('reserved', 'copied', 'wish locked')
{
	my $pid = query("SELECT ring_test_background_writer(900, 'genops_ring_test')");
	my $there = sub { query("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid") };

	query("SELECT test_point_hold('$point', true)");
	wait_until("it is held at \"$point\"", sub { query("SELECT held FROM test_points() WHERE name = '$point'") == 1 });
	query("SELECT pg_terminate_backend($pid)");
	sleep 0.3;
	is($there->(), 1, "a background worker that is terminated at \"$point\" does not end there");
	query("SELECT test_point_hold('$point', false)");
	wait_until('its end', sub { $there->() == 0 });
	is(query("SELECT ring_test_write(901, 0, 100, 0) > 90"), 't', 'others record on');
	is(query('SELECT abandoned, waiters FROM ring_test_state()'), "$state_before{abandoned}|0", 'and nothing was left behind');
}
query('SELECT pg_cancel_backend(' . $reader->pid . ')');
$reader->finish;
$reader->query('SELECT ring_test_read(0, 200, 0)');
my %state = state();
is("$state{queued} $state{queued_bytes}", '0 0', 'all of it is read');
is($state{free_pages}, $state{pages}, 'and all pages are back');
is($state{abandoned}, $state_before{abandoned}, 'no slot was abandoned');
$reader->close;

$node->stop('fast');
done_testing();
