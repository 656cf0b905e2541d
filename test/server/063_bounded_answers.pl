# SPDX-License-Identifier: PostgreSQL
# What Tempo answers takes a session's memory by its text's size, not by its values'.
use strict;
use warnings;

use GenopsSession;
use GenopsTempo;
use GenopsTest;
use IO::Socket::INET;
use POSIX ();
use Test::More;

my $tempo = GenopsTempo->start;
my $node = new_node('main');

create_ledger($node);
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}')");

# The most memory that the session's process ever had, in MB.
sub peak
{
	my ($session) = @_;

	open my $status, '<', "/proc/@{[ $session->pid ]}/status" or die $!;
	my ($kilobytes) = map { /^VmHWM:\s+(\d+) kB/ } <$status>;
	return $kilobytes / 1024;
}

sub many { my ($item, $count) = @_; return '[' . join(',', ($item) x $count) . ']'; }

my %answers = (
	'traces that are arrays of numbers' => '{"traces":' . many('[0,0,0,0,0,0,0]', 700_000) . '}',
	'one trace of numbers' => '{"traces":[{"traceID":"1","x":' . many(0, 4_000_000) . '}]}',
	'numbers beside the traces' => '{"traces":[],"x":' . many(0, 4_000_000) . '}',
	'traces of nothing' => '{"traces":' . many('{"traceID":"1"}', 500_000) . '}',
	'one trace, by its id' => '{"trace":{"resourceSpans":' . many('{}', 3_000_000) . '}}');

for my $what (sort keys %answers)
{
	my $session = GenopsSession->new($node);
	my $before = peak($session);
	my $call = $what =~ /by its id/ ? q(genops.tempo_trace('1')) : q(genops_traceql('{}', source => 'tempo'));

	$tempo->set_mode({ body => $answers{$what} });
	is($session->query("SELECT count(*) FROM $call"), '', "$what: no answer");
	like($session->errors, qr/ERROR:  (answer of Tempo|OTLP\/JSON) has too many (values|elements)/, 'but an error that says why');
	cmp_ok(peak($session) - $before, '<', 12 * length($answers{$what}) / 2**20, 'and memory by the size of the text');
	is($session->query('SELECT 1'), 1, 'the session goes on');
}

# A header without an end.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die $!;
my $pid = fork;
if (!$pid)
{
	while (my $client = $listener->accept)
	{
		sysread $client, my $request, 4096;
		print $client "HTTP/1.1 200 OK\r\nX-Long: ", 'x' x 1_000_000, "\r\n\r\n";
		close $client;
	}
	POSIX::_exit(0);
}
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => 'http://127.0.0.1:@{[ $listener->sockport ]}')");
my (undef, undef, $said) = $node->psql('postgres', q(SELECT count(*) FROM genops_traceql('{}', source => 'tempo')));
kill 'KILL', $pid;
waitpid $pid, 0;
like($said, qr/headers is longer than 100 kB|[Tt]oo large/, 'a header without an end is told as what it is');

$node->stop('fast');
done_testing();
