# SPDX-License-Identifier: PostgreSQL
# Crashes: what was stored stays, once; with genops_tempo.durability = sync that is
# everything that was recorded.  Delivery resumes, at least once each, and recording
# goes on.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main', conf => 'restart_after_crash = on');

create_ledger($node);
deliver_to($node, $receiver);

my $sync = 0;

# Spans that are stored when the function returns; rolled back, to make it harder.
sub record_sync
{
	my ($count) = @_;

	$node->safe_psql('postgres', <<"END");
SET genops_tempo.durability = sync;
BEGIN;
SELECT genops_track('p', 'm', feature => 'sync', total_cost => 0.25) FROM generate_series(1, $count);
ROLLBACK;
END
	$sync += $count;
}

# Sessions that are recording when the crash comes.
sub start_recording
{
	my @sessions = map { GenopsSession->new($node) } 1 .. 2;

	$_->start(<<'END') for @sessions;
DO $$ BEGIN
	LOOP
		PERFORM genops_track('p', 'm', feature => 'async');
		PERFORM genops_observe(genops_begin('p', 'm', feature => 'async'), pg_sleep(0.001)::text);
	END LOOP;
END $$
END
	wait_until('spans of both kinds',
		sub { $node->safe_psql('postgres', "SELECT count(*) > 0 FROM genops.spans WHERE feature = 'async'") eq 't' });
	return @sessions;
}

sub wait_for_restart
{
	my (@sessions) = @_;

	$_->wait_for_end for @sessions;
	wait_until('the server is back', sub { $node->psql('postgres', 'SELECT 1', on_error_die => 0) == 0 });
}

sub check_after
{
	my ($crash) = @_;

	is($node->safe_psql('postgres', "SELECT count(*) FROM genops.spans WHERE feature = 'sync'"),
		$sync, "$crash: every span of a sync session is there");
	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT span_id) FROM genops.spans'),
		0, "$crash: none is there twice");
	is( $node->safe_psql('postgres', <<'END'),
SELECT (SELECT sum(calls) FROM genops.spend) = count(*), (SELECT sum(total_cost) FROM genops.spend) = sum(total_cost)
FROM genops.spans
END
		't|t', "$crash: the totals are those of the spans");
	record_sync(1);
	flush_exported($node);

	my %arrived = map { $_->{span_id} => 1 } $receiver->spans;
	my @missing = grep { !$arrived{$_} } split /\n/, $node->safe_psql('postgres', 'SELECT span_id FROM genops.spans');

	is(scalar @missing, 0, "$crash: every span of the ledger was delivered");
	is( $node->safe_psql('postgres', <<'END'),
SELECT bool_and(stored = exported AND pending = 0), sum(stored) = (SELECT count(*) FROM genops.spans) FROM genops.stat_delivery
END
		't|t', "$crash: and is counted once");
	is( $node->safe_psql('postgres', 'SELECT recorded = stored, queued, dropped FROM genops.stat_recording'),
		't|0|0', "$crash: recording goes on");
}

# A session with an open call is killed, and the server takes all others down.
record_sync(20);
my @sessions = start_recording();
my $asking = GenopsSession->new($node);

$asking->start("SELECT genops_observe(genops_begin('p', 'm', feature => 'asking'), pg_sleep(3600)::text)");
$asking->wait_for_event('PgSleep');
kill KILL => $asking->pid;
wait_for_restart(@sessions, $asking);
check_after('a backend killed');

# The worker is killed while the endpoint hangs.
$receiver->set_mode({ hang => 1 });
record_sync(20);
@sessions = start_recording();
kill KILL => $node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording');
$receiver->set_mode;
wait_for_restart(@sessions);
check_after('the worker killed');

# The whole server is.
record_sync(20);
@sessions = start_recording();
my $postmaster = $node->{_pid};
$node->kill9;
$_->wait_for_end for @sessions;
wait_until('the old process is gone', sub { !kill 0, $postmaster });
$node->start;
check_after('the server killed');

# An immediate stop is a crash too: what was in shared memory can't be trusted, as
# it may have been stored.
$node->safe_psql('postgres', "ALTER SYSTEM SET genops_tempo.flush_interval = '60s'");
$node->reload;
record_sync(20);
$node->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'lost')");
$node->stop('immediate');
ok(!-e $node->data_dir . '/genops_tempo.leftover', 'an immediate stop leaves no spans for the next start');
$node->start;
check_after('an immediate stop');

$node->stop('fast');
$receiver->stop;
done_testing();
