# SPDX-License-Identifier: PostgreSQL
# Rules: answers are read and counted in every round, also while the ledger cannot be
# written; storing and delivery fail independently of each other; whatever goes wrong, the
# worker waits and does not spin, and does not drop one span after the other because of what
# none of them is to blame for.
use strict;
use warnings;

use GenopsAccounts;
use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Of the processor, while the worker has nothing to do but to wait; it spins with 0.3 to 0.8.
my $limit_share = 0.15;

my $receiver = start_receiver();

# A process may be kept from growing files, but for the server's log of changes.
my $node = new_node('main', initdb => ['--wal-segsize=1']);

create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20, timeout => 2');

sub query { return $node->safe_psql('postgres', $_[0]); }

# The share of a processor that the worker used in so many seconds.
sub worker_share
{
	my ($seconds, $pid) = @_;
	my ($from, $used) = (time(), worker_cpu_ms($pid));

	sleep $seconds;
	return (worker_cpu_ms($pid) - $used) / 1000 / (time() - $from);
}

# An answer comes, within the request's time, while the ledger is locked.
my @locks = (
	[ 'a pause that is not committed' => 'SELECT genops_pause_delivery()' ],
	[ 'the cursors are locked' => 'LOCK TABLE genops.delivery IN ACCESS EXCLUSIVE MODE' ],
	[ 'the state is locked' => 'LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE' ],
	[ 'the segments are locked' => 'LOCK TABLE genops.ledger_segment IN ACCESS EXCLUSIVE MODE' ],
	[ 'a drop that is not committed' => 'DROP EXTENSION genops_tempo' ]);
for my $number (0 .. $#locks)
{
	my ($what, $statement) = @{ $locks[$number] };
	my $tenant = "tenant-$number";
	my $locker = GenopsSession->new($node);

	$receiver->set_mode({ tenant => $tenant, delay_ms => 700 });
	query("SELECT genops_track('p', 'm', tenant_id => '$tenant') FROM generate_series(1, 3)");
	wait_until('its request', sub { $receiver->requests_of($tenant) == 1 });
	my $worker = worker_pid($node);
	$locker->query("BEGIN; $statement");
	query("SELECT genops_track('p', 'm', tenant_id => 'queued') FROM generate_series(1, 3)")
	  unless $statement =~ /DROP/;
	my $share = worker_share(2, $worker);

	cmp_ok($share, '<', $limit_share, "$what: the worker waits");
	$locker->query('ROLLBACK');
	is($locker->errors, '', 'the lock was had');
	$locker->close;
	flush_exported($node);
	is(scalar $receiver->requests_of($tenant), 1, 'the answer was read: nothing is sent again');
	is(query("SELECT exported, requests, retries, last_error FROM genops.stat_delivery WHERE tenant_id = '$tenant'"),
		'3|1|0|', 'and counted');
}

# Nobody answers: storing goes on, and nothing spins.
$receiver->set_mode({ hang => 1 });
query("SELECT genops_track('p', 'm', tenant_id => 'silent') FROM generate_series(1, 3)");
wait_until('its request', sub { $receiver->requests_of('silent') >= 1 });
cmp_ok(worker_share(1, worker_pid($node)), '<', $limit_share, 'a silent endpoint: the worker waits');
is(query("SELECT genops_track('p', 'm', tenant_id => 'silent') \\g /dev/null\nSELECT complete FROM genops_flush('stored', 30)"),
	't', 'and stores');
$receiver->set_mode();
flush_exported($node);

# The worker cannot write: as on a disk that is full, or fails, which the error's code does
# not tell from a fault of a span.
query("SELECT count(genops_track('p', 'm', tenant_id => 'big', attributes => jsonb_build_object('text', md5(i::text))))
	FROM generate_series(1, 12000) i; SELECT genops_flush('exported', 60)");
my $recorded = query('SELECT recorded FROM genops.stat_recording');
my $pid = worker_pid($node);
my $log = -s $node->logfile;
cmp_ok(query("SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relname ~ 'ledger_s'"), '>', 1100000,
	'(the ledger is larger than a file of the log of changes)');
system_or_bail('prlimit', "--pid=$pid", '--fsize=1064960:');
query("SELECT count(genops_track('p', 'm', tenant_id => 'full', attributes => jsonb_build_object('text', md5(i::text))))
	FROM generate_series(1, 2000) i");
$node->wait_for_log(qr/the genops worker will try again: /, $log);
cmp_ok(worker_share(3, $pid), '<', $limit_share, 'a disk that takes nothing: the worker waits');
is(worker_pid($node), $pid, 'and is the same');
cmp_ok(query('SELECT dropped FROM genops.stat_recording'), '<=', 3, 'spans are not dropped one after the other');
system_or_bail('prlimit', "--pid=$pid", '--fsize=unlimited:');
flush_exported($node);
is(query('SELECT recorded, queued, recorded - stored - dropped FROM genops.stat_recording'),
	($recorded + 2000) . '|0|0', 'they are stored when there is room');
accounts_add_up($node, $receiver, 'after all this');

$node->stop('fast');
$receiver->stop;
done_testing();
