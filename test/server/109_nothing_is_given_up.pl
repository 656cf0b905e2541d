# SPDX-License-Identifier: PostgreSQL
# Rules: a request under way is given up for nothing that does not concern it: neither for a
# reload that changed nothing of ours, nor for a lock, nor for another worker's start; a fast
# stop waits for the answer as long as it may, about a second, and no longer.  So nothing is
# sent twice.
use strict;
use warnings;

use GenopsAccounts;
use GenopsSession;
use GenopsTest;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Of a stop; it may take a second, and is given the time of a busy machine.
my $limit_seconds = 10;

my $receiver = start_receiver();
my $node = new_node('main');
my $locker;
my $number = 0;

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20, timeout => 30');

sub query { return $node->safe_psql('postgres', $_[0]); }

# Something happens while a request waits for its answer.
sub sent_once
{
	my ($what, $happens, $after) = @_;
	my $tenant = 'tenant-' . ++$number;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$receiver->set_mode({ tenant => $tenant, delay_ms => 400 });
	query("SELECT genops_track('p', 'm', tenant_id => '$tenant') FROM generate_series(1, 5)");
	wait_until('its request', sub { $receiver->requests_of($tenant) >= 1 });
	$happens->();
	wait_until('its answer', sub { grep { $_->{status} } $receiver->requests_of($tenant) });
	$after->() if $after;
	flush_exported($node);
	is(scalar $receiver->requests_of($tenant), 1, "$what: sent once");
	is(query("SELECT exported, requests, retries, last_error FROM genops.stat_delivery WHERE tenant_id = '$tenant'"),
		'5|1|0|', 'and counted once');
}

sent_once("a reload, $_", sub { $node->reload }) for 1 .. 2;
sent_once('a reload of something else', sub { query("ALTER SYSTEM SET work_mem = '5MB'"); $node->reload });
sent_once('several reloads', sub { $node->reload for 1 .. 3 });

# Locks that time the worker out, with a reload, after which it reads everything.
for my $table (qw(delivery setting ledger_state route))
{
	sent_once(
		"a lock on $table",
		sub {
			$locker = GenopsSession->new($node);
			$locker->query("BEGIN; LOCK TABLE genops.$table IN ACCESS EXCLUSIVE MODE");
			$node->reload;
			sleep 0.5;
		},
		sub { sleep 0.3; $locker->query('COMMIT'); $locker->close });
}

# The worker ends, in good order; the next one begins where it ended.
sent_once('a worker that is terminated',
	sub { query('SELECT pg_terminate_backend(' . worker_pid($node) . ', 60000)') });
sent_once('the launcher that is terminated',
	sub { query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'genops launcher'") });
for my $stop (1 .. 3)
{
	sent_once("a fast stop, $stop", sub { $node->stop('fast') }, sub { $node->start });
}
accounts_add_up($node, $receiver, 'after all this');
is($receiver->stats->{spans}, query('SELECT count(*) FROM genops.spans'), 'nothing arrived twice');

# Under load: reloads in quick succession, while spans come and answers take their time.
$receiver->set_mode({ delay_ms => 100 });
my $recorder = GenopsSession->new($node);
$recorder->start(<<'END');
DO $$ BEGIN
	FOR i IN 1..100 LOOP
		PERFORM genops_track('p', 'm', tenant_id => 'load-' || i % 7) FROM generate_series(1, 20);
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$
END
$node->reload, sleep 0.1 for 1 .. 20;
$recorder->finish;
is($recorder->errors, '', 'spans are recorded');
flush_exported($node);
is($receiver->stats->{spans}, query('SELECT count(*) FROM genops.spans'), 'nothing arrives twice through 20 reloads');

# A peer that is silent is not waited for.
$receiver->set_mode({ hang => JSON::PP::true });
query("SELECT genops_track('p', 'm', tenant_id => 'silent')");
wait_until('its request', sub { $receiver->requests_of('silent') >= 1 });
my $from = time();
$node->stop('fast');
cmp_ok(time() - $from, '<', $limit_seconds, 'a fast stop does not wait for a peer that is silent');

$receiver->stop;
done_testing();
