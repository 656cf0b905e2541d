# Rule: a change of the configuration is heard when it commits, also by COMMIT PREPARED in
# another session, and not before; and nobody is woken for transactions of others.
use strict;
use warnings;

use GenopsTest;
use Test::More;

my ($first, $second) = map { start_receiver() } 1 .. 2;
my $node = new_node('main', conf => 'max_prepared_transactions = 5');

create_ledger($node);
deliver_to($node, $first, arguments => 'schedule_delay_millis => 20');
$node->safe_psql('postgres', "SELECT genops_track('p', 'm')");
flush_exported($node);

# What is pending goes nowhere until the change commits: then at once.
$first->set_mode({ mode => 'status', code => 401 });
$node->safe_psql('postgres', "SELECT genops_track('p', 'm')");
wait_until('a refusal', sub { $node->safe_psql('postgres', "SELECT state FROM genops.stat_delivery") eq 'blocked' });
$node->safe_psql('postgres', "BEGIN; SELECT genops_configure(otlp_endpoint => '" . $second->url . "'); PREPARE TRANSACTION 'change'");
is($node->safe_psql('postgres', "SELECT complete FROM genops_flush('exported', 0.5)"), 'f', 'a change that is prepared changes nothing');
is(scalar($second->spans), 0, 'nor sends');
$node->safe_psql('postgres', "COMMIT PREPARED 'change'");
{
	# A blocked stream tries again by itself only after half a minute.
	local $GenopsTest::DEADLINE_SECONDS = 15;
	$second->wait_for_spans(1);
}
pass('one that is committed is heard at once');

# A worker that has left is started for it, and for nothing else.
$first->set_mode();
my $worker = sub { $node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording') };
$node->safe_psql('postgres', 'CREATE TABLE other ()');
$node->safe_psql('postgres', "BEGIN; INSERT INTO other DEFAULT VALUES; PREPARE TRANSACTION 'other'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(@{[ $worker->() ]}, 60000)");
wait_until('the worker to go', sub { $worker->() eq '' });
$node->safe_psql('postgres', "COMMIT PREPARED 'other'");
is($worker->(), '', 'a transaction that changed nothing of ours wakes no one');

$node->stop('fast');
$_->stop for $first, $second;
done_testing();
