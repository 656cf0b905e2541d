# SPDX-License-Identifier: PostgreSQL
# Rules: genops_flush('exported') says "complete" only when everything is, also before any
# worker has looked at the ledger; and a wish to deliver belongs to who waits for it, and
# ends with the waiting, however that ends: batches are gathered again afterwards.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub flush { return query("SELECT * FROM genops_flush('exported', $_[0])"); }

# The server has just started, and what is pending is on disk alone.
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20');
$receiver->set_mode({ mode => 'status', code => 503 });
query("SELECT count(genops_track('p', 'm', tenant_id => 'unavailable')) FROM generate_series(1, 50); SELECT genops_flush('stored')");
$node->append_conf('postgresql.conf', 'max_worker_processes = 2');    # both are taken: no worker comes
$node->restart;
is(flush(1), 'f|0|50', 'without a worker nobody knows whether all is delivered');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
for my $start (1 .. 4)
{
	$node->restart;
	is(flush(0.3), 'f|0|50', "start $start: it is not complete while spans are pending");
}
$receiver->set_mode();
is(flush(60), 't|0|0', 'it is when they are delivered');
$node->restart;
is(flush(60), 't|0|0', 'and after a start with nothing pending');

# Batches of ten, which are complete or wait (for ever, as far as this test goes).
deliver_to($node, $receiver,
	arguments => 'schedule_delay_millis => 600000, max_export_batch_size => 10, timeout => 3600');

sub batches_are_gathered
{
	my ($tenant, $what) = @_;

	query("SELECT genops_track('p', 'm', tenant_id => '$tenant'); SELECT genops_flush('stored')") for 1 .. 40;
	wait_until("the spans of $tenant", sub { ($receiver->stats->{by_tenant}{$tenant} || 0) == 40 });
	is(scalar($receiver->requests_of($tenant)), 4, "$what: full batches are sent");
}

batches_are_gathered('first', 'before anybody waited');

$receiver->set_mode({ tenant => 'refused', mode => 'status', code => 401 });
query("SELECT genops_track('p', 'm', tenant_id => 'refused')");
is(flush(60), 'f|0|1', 'a tenant is refused');
batches_are_gathered('after-refusal', 'after a flush that could not help');
is(flush(0.5), 'f|0|1', 'which is known');
batches_are_gathered('after-another', 'after another');

$receiver->set_mode({ tenant => 'silent', hang => JSON::PP::true }, { tenant => 'refused', mode => 'status', code => 401 });
query("SELECT genops_track('p', 'm', tenant_id => 'silent')");
is(flush(0.5), 'f|0|2', 'a tenant has no answer');
batches_are_gathered('after-timeout', 'after a flush whose time was over');

my $session = GenopsSession->new($node);
my $waits = sub {
	$session->start("SELECT genops_flush('exported', 3600)");
	wait_until('the session waits',
		sub { query("SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = " . $session->pid) eq 't' });
};
$waits->();
query('SELECT pg_cancel_backend(' . $session->pid . ')');
$session->finish;
batches_are_gathered('after-cancel', 'after a flush that was cancelled');
$session->query("SET statement_timeout = '200ms'; SELECT genops_flush('exported', 3600)");
like($session->errors, qr/statement timeout/, 'a statement ends');
batches_are_gathered('after-statement', 'after a flush whose statement had its time');
$waits->();
query('SELECT pg_terminate_backend(' . $session->pid . ', 60000)');
eval { $session->wait_for_end };
batches_are_gathered('after-session', 'after a flush whose session was terminated');

# A wish to have something stored ends as well: what comes later is gathered.
query("ALTER SYSTEM SET genops_tempo.flush_interval = '60s'");
$node->reload;
my $locker = GenopsSession->new($node);
$locker->query('BEGIN; LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE');
query("SELECT genops_track('p', 'm', tenant_id => 'gathered')");
is(query("SELECT complete FROM genops_flush('stored', 0.3)"), 'f', 'a ledger that is locked stores nothing');
$locker->query('COMMIT');
$locker->close;
query("SELECT count(genops_flush('stored'))");
query("SELECT genops_track('p', 'm', tenant_id => 'gathered')") for 1 .. 5;
is(query('SELECT queued FROM genops.stat_recording'), 5, 'nobody waits: spans are gathered for the flush interval');

$node->stop('fast');
$receiver->stop;
done_testing();
