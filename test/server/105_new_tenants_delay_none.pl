# SPDX-License-Identifier: PostgreSQL
# Rules: established tenants are not kept waiting by new ones, however many those are: a span
# of theirs is at its endpoint within 2 s while 20,000 new tenants of a role that may only
# record wait for an endpoint that takes 100 requests a second.  The worker's memory is
# bounded: its own stays below 64 MiB.
use strict;
use warnings;

use GenopsAccounts;
use GenopsSession;
use GenopsTest;
use Test::More;
use Time::HiRes qw(time sleep);

# The issue's 2 s, with allowance for a machine that does other things.
my $limit_seconds = 8;
my $limit_kb = 64 * 1024;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 100');
$node->safe_psql('postgres', "CREATE ROLE flooder LOGIN; SELECT genops_grant('flooder', 'record')");

# What the worker has for itself, in kB.
sub worker_memory
{
	my $pid = worker_pid($node) || return 0;

	open my $file, '<', "/proc/$pid/status" or return 0;
	my ($kb) = map { /^RssAnon:\s+(\d+)/ } <$file>;
	return $kb || 0;
}

my $arrived = 0;

# Seconds from the call to the endpoint; undef if it takes too long.
sub lag
{
	my $number = ++$arrived;
	my $from = time();

	$node->safe_psql('postgres', "SELECT genops_track('p', 'm', tenant_id => 'established', feature => '$number')");
	while (time() < $from + $limit_seconds)
	{
		return time() - $from if ($receiver->stats->{by_tenant}{established} || 0) >= $number;
		sleep 0.05;
	}
	return undef;
}

ok(defined lag(), 'a tenant is established');
my $memory_before = worker_memory();

$receiver->set_mode({ delay_ms => 40 });    # four at a time: 100 requests a second
my $flooder = GenopsSession->new($node, 'postgres', settings => ['role=flooder']);
$flooder->start("SELECT count(genops_track('p', 'm', tenant_id => 'new-' || i)) FROM generate_series(1, 20000) i");

my @lags;
my $most = 0;
for (1 .. 15)
{
	push @lags, lag();
	my $memory = worker_memory();

	$most = $memory if $memory > $most;
	last unless defined $lags[-1];
}
is($flooder->finish, 20000, 'a role that may only record floods the server with new tenants');
is(scalar(grep { !defined } @lags), 0, 'no span of the established tenant waits for them');
note('lags: ' . join(' ', map { defined $_ ? sprintf '%.2f', $_ : 'too long' } @lags));
cmp_ok($most, '<', $limit_kb, 'nor does the worker grow');
note("the worker's own memory: $memory_before kB before, $most kB at most");
cmp_ok($receiver->stats->{requests}, '>', 100, 'new tenants have their turns meanwhile');

# A tenant that becomes established by having delivered is one from then on.
$receiver->set_mode();
$node->stop('immediate');
$receiver->stop;
done_testing();
