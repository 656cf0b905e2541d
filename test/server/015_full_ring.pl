# SPDX-License-Identifier: PostgreSQL
# A ledger that can't store, because somebody locked it: callers wait for room, no
# longer than they want to; what has no room is dropped and counted, and the log says
# so once.  When the lock is gone, everything that was queued is stored.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', conf => "genops_tempo.shared_memory = '1MB'");

create_ledger($node);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub count { return query("SELECT $_[0] FROM genops.stat_recording"); }

sub in_log
{
	my ($pattern) = @_;

	return scalar(() = slurp_file($node->logfile) =~ /$pattern/g);
}

my $track = "SELECT genops_track('p', 'm', feature => 'tracked')";
my $locker = GenopsSession->new($node);

query("$track; SELECT genops_flush('stored')");
$locker->query('BEGIN; LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE');

# Without patience.
query("SET genops_tempo.queue_timeout = 0; SELECT count($_) FROM generate_series(1, 3000)")
  for $track =~ s/SELECT //r;
is(count('recorded'), 3001, 'every call counts as recorded');
is(count('recorded - stored - queued - dropped'), 0, 'as stored, queued or dropped');
cmp_ok(count('queued'), '>', 100, 'many wait in the queue');
cmp_ok(count('dropped'), '>', 100, 'many found no room');
is(count('dropped - dropped_full'), 0, 'for no other reason');
is(count('waits'), 0, 'none waited that should not');
wait_until('the log says so', sub { in_log('are not recorded: the ring is full') });

# With little.
query("SET genops_tempo.queue_timeout = '20ms'; $track; $track");
is(count('recorded, waits, recorded - stored - queued - dropped'), '3003|2|0', 'two waited, in vain');

# A session that waits long, and is cancelled, or terminated.
my $patient = GenopsSession->new($node, 'postgres', settings => ['genops_tempo.queue_timeout=1h']);

$patient->start($track);
wait_until('a third that waits', sub { count('waits') == 3 });
query("SELECT pg_cancel_backend(@{[ $patient->pid ]})");
$patient->finish;
like($patient->errors, qr/canceling statement due to user request/, 'who waits can be cancelled');
is(count('recorded, recorded - stored - queued - dropped'), '3004|0', 'its call was lost, and is counted');
$patient->start("SELECT genops_observe(genops_begin('p', 'm'), now())");
wait_until('a fourth that waits', sub { count('waits') == 4 });
query("SELECT pg_terminate_backend(@{[ $patient->pid ]})");
$patient->wait_for_end;
wait_until('the session to end',
	sub { query("SELECT count(*) FROM pg_stat_activity WHERE pid = @{[ $patient->pid ]}") == 0 });
is(count('recorded, recorded - stored - queued - dropped'), '3005|0', 'or be terminated');

# The session that holds the lock would wait for itself.
$locker->query(<<"END");
SET statement_timeout = '20s';
SET genops_tempo.queue_timeout = '1h';
SAVEPOINT s;
$track
END
is(count('recorded, waits'), '3006|4', 'who holds the lock does not wait for room');
is($locker->query("SELECT complete FROM genops_flush('stored', 3600)"), 'f', 'nor does its genops_flush');
like($locker->errors, qr/NOTICE:  genops_flush does not wait/, 'which says so');
unlike($locker->errors, qr/ERROR/, 'without any error');

# One who waits when the lock goes gets through.
my $waiting = GenopsSession->new($node, 'postgres',
	settings => [ 'genops_tempo.queue_timeout=1h', 'genops_tempo.durability=sync' ]);

$waiting->start($track =~ s/tracked/waited/r);
wait_until('a fifth that waits', sub { count('waits') == 5 });
is(in_log('the ring is full'), 1, 'the log said it once');
wait_until('the log says why nothing is stored', sub { in_log('genops worker will try again') });
$locker->query('COMMIT');
$waiting->finish;
is($waiting->errors, '', 'a call that waited is recorded when there is room');
is(query("SELECT count(*) FROM genops.spans WHERE feature = 'waited'"), 1, 'and, if it wants to, stored');

query("SELECT genops_flush('stored')");
is(count('queued, recorded - stored - dropped'), '0|0', 'everything that was queued is stored');
is(query('SELECT count(*) FROM genops.spans'), count('stored'), 'in the ledger');
is(query('SELECT sum(calls) FROM genops.spend'), count('stored'), 'and its totals');
wait_until('the log says that it is over', sub { in_log('are recorded again') });
my $dropped = count('dropped');
is(in_log("are recorded again: $dropped were not"), 1, 'once, with the number');
is(in_log('genops worker will try again'), 1, 'and once why nothing was stored');

# Durability "sync" under a lock of one's own: recorded, and a warning at once.
$locker->query(<<"END");
BEGIN;
LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE;
SET LOCAL genops_tempo.durability = sync;
$track;
COMMIT
END
like($locker->errors, qr/WARNING:  a span is recorded but not known to be stored/, 'sync under a lock warns');
unlike($locker->errors, qr/ERROR/, 'and does not wait');
query("SELECT genops_flush('stored')");
is(count('queued, recorded - stored - dropped'), '0|0', 'it is stored later');

$node->stop('fast');
done_testing();
