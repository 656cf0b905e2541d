# SPDX-License-Identifier: PostgreSQL
# Nobody waits for a peer that is silent: a fast stop of the server succeeds, and
# a worker that is ended is replaced, with nothing lost or counted twice.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use IO::Socket::INET;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

# Stops within this, or fails: far less than the requests' timeout.
my $limit_seconds = 60;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
$receiver->set_mode({ hang => JSON::PP::true });
deliver_to($node, $receiver, arguments => 'timeout => 3600, schedule_delay_millis => 20');

sub stop_fast
{
	my ($what) = @_;

	ok(system_log('pg_ctl', '-D', $node->data_dir, '-m', 'fast', '-t', $limit_seconds, 'stop') == 0,
		"a fast stop succeeds $what");
	$node->_update_pid(0);
}

sub worker { return $node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording'); }

# A silent peer: the next worker takes over from one that was terminated.
record($node, 'a', 3);
wait_until('it is sent', sub { $receiver->stats->{requests} == 1 });
my $worker = worker();
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)"), 't', 'the worker is terminated');
wait_until('there is another', sub { my $now = worker(); $now ne '' && $now ne $worker });
wait_until('which sends it again', sub { $receiver->stats->{requests} >= 2 });
record($node, 'a', 2);
is($node->safe_psql('postgres', "SELECT complete FROM genops_flush('stored')"), 't', 'and stores what comes');
counts_agree($node, 'after the first worker');
is(delivery($node, 'a', 'pending, exported'), '5|0', 'nothing counts as sent');

# Spans are on their way to the ledger, and a request to the peer.
record($node, 'a', 4);
stop_fast('with a request under way');
$node->start;
counts_agree($node, 'after the stop');

# A peer that takes connections and does not even read.
my $deaf = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
$node->safe_psql('postgres',
	"SELECT genops_configure(otlp_endpoint => 'https://127.0.0.1:" . $deaf->sockport . "')");
my $connection = $deaf->accept;
ok($connection, 'the peer is asked');
record($node, 'a', 1);
stop_fast('while TLS is negotiated');
$node->start;

# A name that takes its time, if it takes any here.
$node->safe_psql('postgres',
	"SELECT genops_configure(otlp_endpoint => 'http://genops-test.invalid:4318')");
record($node, 'a', 1);
$node->safe_psql('postgres', "SELECT genops_flush('stored')");
stop_fast('while a name is resolved');
$node->start;

# With a peer that answers everything arrives, in order.
$receiver->set_mode();
$node->safe_psql('postgres', "SELECT genops_configure(otlp_endpoint => '" . $receiver->url . "')");
flush_exported($node);
is(numbers($receiver, 'a'), join(' ', 1 .. 11), 'everything arrives in the end, once');
counts_agree($node, 'in the end');

stop_fast('when all is done');
done_testing();
