# SPDX-License-Identifier: PostgreSQL
# Delivery can be paused and resumed, from where it stopped or from now, and what
# was sent can be sent once more.  The ledger goes on, and every span is counted.
use strict;
use warnings;

use GenopsDelivery;
use GenopsSession;
use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20');

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub requests { return scalar $receiver->requests; }

record($node, 'a', 3);
flush_exported($node);

# Paused at commit.
sql('BEGIN; SELECT genops_pause_delivery(); ROLLBACK');
record($node, 'a', 1);
flush_exported($node);
is(numbers($receiver, 'a'), '1 2 3 4', 'a rolled back pause is none');

sql('SELECT genops_pause_delivery()');
my $before = requests();
record($node, 'a', 3);
record($node, 'new', 2);
wait_for_state($node, 'a', 'paused', 'stored = 7');
wait_for_state($node, 'new', 'paused', 'stored = 2');
is(delivery($node, $_->[0], 'reason, pending'), "by genops_pause_delivery()|$_->[1]", "$_->[0]: paused, and kept")
  for [ 'a', 3 ], [ 'new', 2 ];
is(sql("SET statement_timeout = '120s'; SELECT complete, pending FROM genops_flush('exported', 600)"), 'f|5', 'nobody waits for it');
sql("SELECT genops_configure(timeout => 9)");
$node->restart;
record($node, 'a', 1);
wait_for_state($node, 'a', 'paused', 'stored = 8');
is(requests(), $before, 'nothing is sent, also after a change of the configuration and a restart');
is(scalar log_lines($node, qr/tenant "a" is paused/), 1, 'the log tells once');

# Resumed from where it was.
is(sql('SELECT * FROM genops_resume_delivery()'), '6|0', 'resumed: says what is pending');
flush_exported($node);
is(numbers($receiver, 'a'), join(' ', 1 .. 8), 'from the cursor: in order, none left out');
is(numbers($receiver, 'new'), '1 2', 'every tenant');
is(delivery($node, 'a', 'state, reason, exported, skipped'), 'delivering||8|0', 'counted');

# Resumed from now: what was pending is passed over.
my ($status, undef, $error) = $node->psql('postgres', "SELECT genops_resume_delivery('now')");
like($error, qr/delivery is not paused/, 'only what is paused can be passed over');
($status, undef, $error) = $node->psql('postgres', "SELECT genops_resume_delivery('yesterday')");
like($error, qr/"yesterday".*"cursor".*"now"/s, 'and only so');
sql('SELECT genops_pause_delivery()');
record($node, 'a', 4);
wait_for_state($node, 'a', 'paused', 'stored = 12');
is(sql("SELECT * FROM genops_resume_delivery('now')"), '0|4', 'resumed: says what is skipped');
record($node, 'a', 2);
flush_exported($node);
is(numbers($receiver, 'a'), join(' ', 1 .. 8, 13, 14), 'from now: the pending ones are left out');
is(delivery($node, 'a', 'exported, skipped, pending'), '10|4|0', 'and counted');
counts_agree($node, 'after pauses');

# Once more: the segments of a time, of a tenant or of all.
for my $day (1 .. 4)
{
	$receiver->set_mode({ tenant => 'x', mode => 'status', code => 400, times => 1 }) if $day == 4;
	record($node, $_, 2, arguments => "tenant_id => '$_', started_at => '2026-03-0$day 12:00', duration => '1 s'") for 'x', 'y';
	flush_exported($node);
}
$receiver->set_mode();
is(delivery($node, 'x', 'exported, rejected') . ' ' . delivery($node, 'y', 'exported, rejected'),
	'6|2 8|0', 'one tenant\'s last spans were rejected');

sub resend
{
	my ($arguments, $count, $what, %expected) = @_;
	my %before = map { $_ => numbers($receiver, $_) } keys %expected;

	is(sql("SELECT genops_resend($arguments)"), $count, "$what: says how many");
	wait_until('they are sent', sub { sql('SELECT count(*) FROM genops.delivery_resend') eq '0' });
	is(numbers($receiver, $_), "$before{$_}$expected{$_}", "$what: $_") for sort keys %expected;
}
resend("'2026-03-02', '2026-03-03', 'x'", 2, 'a day of a tenant', x => ' 3 4', y => '');
resend("'2026-03-02', '2026-03-04'", 8, 'two days of all', x => ' 3 4 5 6', y => ' 3 4 5 6');
resend("'2026-03-04', '2026-03-05'", 4, 'what was rejected', x => ' 7 8', y => ' 7 8');
resend("'2025-01-01', '2025-01-02'", 0, 'nothing', x => '', y => '');
is(delivery($node, 'x', 'exported, rejected, resent') . ' ' . delivery($node, 'y', 'exported, rejected, resent'),
	'6|2|8 8|0|6', 'resent spans are counted apart');

# Over a failure and a restart of the server.
$receiver->set_mode({ tenant => 'x', mode => 'status', code => 503 });
sql("SELECT genops_resend('2026-03-01', '2026-03-03', 'x')");
wait_for_state($node, 'x', 'retrying');
$node->restart;
$receiver->set_mode();
resend("'2026-03-01', '2026-03-02', 'y'", 2, 'another meanwhile', y => ' 1 2');
like(numbers($receiver, 'x'), qr/ 7 8 1 2 3 4$/, 'what was to be resent is not forgotten');
counts_agree($node, 'after all this');

$node->stop('fast');
done_testing();
