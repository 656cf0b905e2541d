# SPDX-License-Identifier: PostgreSQL
# Rule: a change of the configuration is heard when it is committed, however it is: also by
# COMMIT PREPARED, in another session, and by rows that come from elsewhere and fire no
# ordinary trigger; and not before, nor for transactions of others.
use strict;
use warnings;

use GenopsTest;
use Test::More;
use Time::HiRes qw(time sleep);

# The flush interval is 50 ms; a worker that nobody wakes looks every 10 s.
my $limit_seconds = 4;

my $receiver = start_receiver();
my $node = new_node('main', conf => 'max_prepared_transactions = 4');
my $slow = "SELECT count(*) FROM genops_configure(schedule_delay_millis => 600000)";
my $quick = "SELECT count(*) FROM genops_configure(schedule_delay_millis => 0)";
my $number = 0;

create_ledger($node);
deliver_to($node, $receiver);

sub query { return $node->safe_psql('postgres', $_[0]); }

# A span waits for its batch until the change makes it go.
sub heard
{
	my ($what, @statements) = @_;
	my $from;
	my $sent;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	query($slow);
	flush_exported($node);
	query("SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");
	$sent = ++$number;
	sleep 0.3;
	is($receiver->stats->{spans}, $sent - 1, "$what: a span waits");
	query($_) for @statements;
	$from = time();
	sleep 0.05 while $receiver->stats->{spans} < $sent && time() < $from + $limit_seconds;
	is($receiver->stats->{spans}, $sent, "$what: the change is heard");
	flush_exported($node);
}

heard('a commit', $quick);
for my $round (1 .. 3)
{
	heard("a prepared transaction, $round", "BEGIN; $quick; PREPARE TRANSACTION 'change'", "COMMIT PREPARED 'change'");
}

# As the apply worker of logical replication does.
for my $round (1 .. 2)
{
	heard("a replicated change, $round",
		"SET session_replication_role = replica; UPDATE genops.setting SET value = '0' WHERE name = 'schedule_delay_millis'");
}

# One that is rolled back is none.
query($slow);
flush_exported($node);
query("BEGIN; $quick; PREPARE TRANSACTION 'change'");
query("ROLLBACK PREPARED 'change'");
query("SELECT genops_track('p', 'm'); SELECT genops_flush('stored')");
sleep 0.5;
is($receiver->stats->{spans}, $number, 'what is rolled back changes nothing');

# Calls in a prepared transaction are recorded, whatever becomes of it.
query("BEGIN; SELECT genops_track('p', 'm', feature => 'prepared'); SELECT genops_begin('p', 'm', feature => 'open'); PREPARE TRANSACTION 'calls'");
is(query("SELECT complete FROM genops_flush('stored')"), 't', 'calls of a prepared transaction');
is(query("SELECT string_agg(feature, ' ' ORDER BY feature) FROM genops.spans WHERE feature IS NOT NULL"), 'open prepared', 'are recorded');
query("ROLLBACK PREPARED 'calls'");
is(query("SELECT recorded = stored, queued, dropped FROM genops.stat_recording"), 't|0|0', 'once');

# A stream that is blocked tries again by itself only after half a minute: at once when the
# change commits.
my $other = start_receiver();
query($quick);
flush_exported($node);
$receiver->set_mode({ mode => 'status', code => 401 });
query("SELECT genops_track('p', 'm')");
wait_until('a refusal', sub { query("SELECT state FROM genops.stat_delivery") eq 'blocked' });
query("BEGIN; SELECT genops_configure(otlp_endpoint => '" . $other->url . "'); PREPARE TRANSACTION 'change'");
is(query("SELECT complete FROM genops_flush('exported', 0.5)"), 'f', 'a change that is prepared changes nothing');
is(scalar($other->spans), 0, 'nor sends');
{
	my $from = time();

	query("COMMIT PREPARED 'change'");
	sleep 0.05 while $other->stats->{spans} < 1 && time() < $from + $limit_seconds;
}
is($other->stats->{spans}, 1, 'one that is committed sends what was blocked');

# A worker that has left is not started for transactions of others.
sub worker { return query('SELECT worker_pid FROM genops.stat_recording'); }

query('CREATE TABLE other ()');
query("BEGIN; INSERT INTO other DEFAULT VALUES; PREPARE TRANSACTION 'other'");
query("SELECT pg_terminate_backend(@{[ worker() ]}, 60000)");
wait_until('the worker to go', sub { worker() eq '' });
query("COMMIT PREPARED 'other'");
is(worker(), '', 'a transaction that changed nothing of ours wakes no one');

$node->stop('fast');
$_->stop for $receiver, $other;
done_testing();
