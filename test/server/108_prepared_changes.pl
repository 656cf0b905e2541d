# Rule: a change of the configuration is heard when it is committed, however it is: also by
# COMMIT PREPARED, in another session, and by rows that come from elsewhere and fire no
# ordinary trigger.
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

$node->stop('fast');
$receiver->stop;
done_testing();
