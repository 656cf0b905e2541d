# SPDX-License-Identifier: PostgreSQL
# A role that may only record makes thousands of new tenants, more than their endpoint takes
# in minutes.  An established tenant's spans are at the endpoint all the same within 2 s, and
# the worker's memory stays small and returns to where it was.
use strict;
use warnings;

use GenopsFastReceiver;
use GenopsSession;
use GenopsSoak;
use GenopsTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $tenants = size('TENANTS', 2000, 20000);
my $delay_ms = size('DELAY_MS', 4, 40);    # four requests at a time: 1,000 or 100 a second
my $limit_s = size('LIMIT_SECONDS', 10, 2);    # short runs share their machine with others
my $limit_kb = 64 * 1024;
my $returns_kb = 16 * 1024;    # what the C library may keep

my $receiver = GenopsFastReceiver->start(watch => 'established');
my $node = new_node('main', conf => "genops_tempo.flush_interval = '1s'");

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 100, compression => \'none\'');
$node->safe_psql('postgres', "CREATE ROLE flooder LOGIN; SELECT genops_grant('flooder', 'record')");

sub established
{
	$node->safe_psql('postgres', "SELECT genops_track('openai', 'established', tenant_id => 'established')");
}

sub memory { return memory_kb($node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording') || 0); }

established() for 1 .. 3;
flush_exported($node);
my $before = memory();
$receiver->set_mode("delay_ms=$delay_ms");
my $from = time();
my $flooder = GenopsSession->new($node, 'postgres', settings => ['role=flooder']);
$flooder->start("SELECT count(genops_track('openai', t, tenant_id => t)) FROM (SELECT 'new-' || i AS t FROM generate_series(1, $tenants) i OFFSET 0) x");

my ($most, $sampled_at, $calls) = (0, 0, 3);
while ($receiver->stats->{distinct} < $tenants + $calls && time() < $from + $GenopsTest::DEADLINE_SECONDS)
{
	established();
	$calls++;
	sleep 0.2;
	next if time() < $sampled_at + 1;
	$sampled_at = time();
	my $memory = memory();
	$most = $memory if $memory > $most;
}
is($flooder->finish, $tenants, 'a role that may only record floods the server');
flush_exported($node);
my $stats = $receiver->stats;
is($stats->{distinct}, $tenants + $calls, "everything arrives, in " . int(time() - $from) . ' s');
is($stats->{wrong}, 0, 'under its own tenant') or diag($receiver->wrong);
note(sprintf '%d spans of the established tenant took p99 %.2f s, at most %.2f s, to their endpoint', $stats->{lags},
	$stats->{lag_ms_p99} / 1000, $stats->{lag_ms_max} / 1000);
cmp_ok($stats->{lag_ms_max} / 1000, '<=', $limit_s, 'the established tenant is not kept waiting');

# Streams that are idle leave memory; the figure settles when the worker has looked around.
my $after;
eval {
	local $GenopsTest::DEADLINE_SECONDS = 30;
	wait_until('the memory to return', sub { ($after = memory()) < $before + $returns_kb });
};
note("the worker's memory but for what it shares: $before kB before, $most kB at most, $after kB after");
cmp_ok($most, '<', $limit_kb, 'the memory of the worker is bounded');
cmp_ok($after, '<', $before + $returns_kb, 'and returns to where it was');
tenants_agree($node, $receiver, 'after the flood');

$node->stop('fast');
$receiver->stop;
done_testing();
