# SPDX-License-Identifier: PostgreSQL
# Waiting for Tempo has an end, and can be cancelled: while it does not answer, while
# the connection is made, in a session that then goes on.
use strict;
use warnings;

use GenopsSession;
use GenopsTempo;
use GenopsTest;
use IO::Socket::INET;
use JSON::PP;
use Test::More;

my $tempo = GenopsTempo->start;
my $node = new_node('main');

# Where connections are made, but never taken: the kernel holds one, and lets further
# ones wait.
my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 0) or die $!;
my @waiting = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $full->sockport, Blocking => 0) } 1 .. 8;

create_ledger($node);

sub configure { $node->safe_psql('postgres', "SELECT genops_configure($_[0])"); }

sub cancel
{
	my ($session) = @_;

	$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})");
}

# Descriptors of a session's process.
sub descriptors { return scalar(() = glob "/proc/$_[0]/fd/*"); }

my $question = "SELECT count(*) FROM genops_traceql(source => 'tempo', query => '{}')";
my %addresses = ('an answer' => $tempo->url, 'a connection' => 'http://127.0.0.1:' . $full->sockport);

$tempo->set_mode({ hang => JSON::PP::true });
for my $what (sort keys %addresses)
{
	configure("endpoint => '$addresses{$what}', timeout => 600");
	my $session = GenopsSession->new($node);
	my $pid = $session->pid;
	my $before;

	for my $round (1 .. 3)
	{
		$session->start($question);
		$session->wait_for_event('Extension');
		cancel($session);
		is($session->finish, '', "waiting for $what, cancelled");
		is(scalar(() = $session->errors =~ /canceling statement due to user request/g), $round, 'it says so');
		$before = descriptors($pid) if $round == 1;
	}
	is(descriptors($pid), $before, 'no descriptor is left open');

	is($session->query("SET statement_timeout = '200 ms'; $question"), '', "waiting for $what, timed out");
	like($session->errors, qr/canceling statement due to statement timeout/, 'it says so');

	$session->query("DO \$\$ BEGIN PERFORM * FROM genops_traceql(source => 'tempo', query => '{}');
		EXCEPTION WHEN query_canceled THEN RAISE NOTICE 'caught'; END \$\$; RESET statement_timeout");
	like($session->errors, qr/NOTICE:  caught/, 'an error that is caught');

	$session->start($question);
	$session->wait_for_event('Extension');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	$session->wait_for_end;
	like($session->errors, qr/terminating connection due to administrator command/, "waiting for $what, terminated");

	configure('timeout => 0.3');
	my (undef, undef, $said) = $node->psql('postgres', "\\set VERBOSITY verbose\n$question");
	like($said, qr/ERROR:  08006: Tempo at .* did not answer in time\nDETAIL:  .*\nHINT:  .*timeout/, "waiting for $what ends");
}

# It does not keep a server from stopping.
configure("endpoint => '@{[ $tempo->url ]}', timeout => 600");
my $session = GenopsSession->new($node);
$session->start($question);
$session->wait_for_event('Extension');
$node->stop('fast');
$session->wait_for_end;
like($session->errors, qr/terminating connection due to administrator command/, 'the server stops meanwhile');

done_testing();
