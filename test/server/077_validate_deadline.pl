# SPDX-License-Identifier: PostgreSQL
# One deadline for all of genops_validate(), whatever does not answer; it can be cancelled
# while it waits, and leaves nothing behind.
use strict;
use warnings;

use GenopsSession;
use GenopsTempo;
use GenopsTest;
use GenopsValidation;
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $tempo = GenopsTempo->start(spans => $receiver);
my $node = new_node('main');
my %hang = (hang => JSON::PP::true);

create_ledger($node);
deliver_to($node, $receiver, arguments => "endpoint => '@{[ $tempo->url ]}'");

# Ends by itself, long before it would be ended.
sub checks_in_a_second { return validate($node, 'timeout => 1', settings => "SET statement_timeout = '60s';"); }

# Nobody answers: both sides say so, in the time of one.
$tempo->set_mode({%hang});
$receiver->set_mode({%hang});
my $checks = checks_in_a_second();
check($checks, 'Tempo Accessibility', 'error', qr/^Cannot connect to Tempo at .*: no answer in time$/, qr/timeout => 30/);
check($checks, 'OTLP Write Endpoint', 'error', qr/^OTLP endpoint not accessible at .*: no answer in time$/, qr/timeout => 30/);
is($checks->{'Search API'}{status}, 'skipped', 'and the rest is skipped');

# One side does not keep the other from being checked.
$tempo->set_mode();
check(checks_in_a_second(), 'TraceQL API', 'ok', qr/available/);
$receiver->set_mode();
$tempo->set_mode({%hang});
check(checks_in_a_second(), 'OTLP Write Endpoint', 'ok', qr/available/);

# Cancelled in the first wait, and while the span is awaited.
my $session = GenopsSession->new($node);
my $forgetful = GenopsTempo->start;
for my $endpoint ($tempo, $forgetful)
{
	my $spans = scalar $receiver->spans;

	$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $endpoint->url ]}')");
	$session->start('SELECT count(*) FROM genops_validate(timeout => 3600)');
	$receiver->wait_for_spans($spans + 1);
	wait_until('the span is asked for', sub { grep { $_->{path} =~ /traces/ } $forgetful->requests }) if $endpoint == $forgetful;
	is($node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $session->pid ]})"), 't', 'cancelled');
	is($session->finish, '', 'it ends');
	like($session->errors, qr/canceling statement due to user request\n\z/, 'and says why');
}

# The session goes on, and has no more open files than before.
$tempo->set_mode();
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}')");
my $count_files = "SELECT count(*) FROM pg_ls_dir('/proc/@{[ $session->pid ]}/fd')";
$session->query('SELECT count(*) FROM genops_validate(timeout => 60)');
my $files = $node->safe_psql('postgres', $count_files);
$session->query('SELECT count(*) FROM genops_validate(timeout => 60)') for 1 .. 3;
is($node->safe_psql('postgres', $count_files), $files, 'no file stays open');

# What is no timeout.
for my $timeout ('0', '-1', "'NaN'", '3601', 'NULL')
{
	my (undef, undef, $error) = $node->psql('postgres', "SELECT genops_validate(timeout => $timeout)");

	like($error, qr/ERROR: .*"timeout"/, "a timeout of $timeout is refused");
}

$session->close;
$node->stop('fast');
done_testing();
