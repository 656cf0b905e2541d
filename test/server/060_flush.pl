# SPDX-License-Identifier: PostgreSQL
# genops_flush() waits for what was recorded before it, as long as that can help
# and no longer than it was told; it can be cancelled, and many can wait at a time.
use strict;
use warnings;

use GenopsDelivery;
use GenopsSession;
use GenopsTest;
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'timeout => 3600, schedule_delay_millis => 600000');
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');

sub flush
{
	my ($arguments, @more) = @_;

	return $node->safe_psql('postgres', "SET statement_timeout = '120s'; SELECT * FROM genops_flush($arguments)", @more);
}

sub configure { $node->safe_psql('postgres', 'SELECT genops_configure(timeout => 3600)'); }

# Nothing to wait for; then something.
is(flush(''), 't|0|0', 'nothing was recorded');
record($node, 'a', 3);
is(flush("'stored'"), 't|0|3', 'stored');
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans'), 3, 'it is');
is(flush("'exported'", extra_params => [ '-U', 'app' ]), 't|0|0', 'exported, for any role, without waiting for a batch');
is(numbers($receiver, 'a'), '1 2 3', 'it is');

# Its own transaction's calls, which are recorded before it commits.
is($node->safe_psql('postgres', <<'END'), 't', 'what this transaction recorded is waited for');
BEGIN;
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'open') \g /dev/null
SELECT complete FROM genops_flush();
ROLLBACK;
END
is(scalar grep({ $_->{tenant} eq 'open' } $receiver->spans), 1, 'and sent');

# No longer than it was told.
$receiver->set_mode({ hang => JSON::PP::true });
record($node, 'a', 2);
is(flush("'exported', 0.3"), 'f|0|2', 'not in time');
is(flush("'exported', 0"), 'f|0|2', 'without waiting');
is(flush("'stored', 600"), 't|0|2', 'though it is stored');

# It can be cancelled, times out with its statement, and ends with its session.
my $session = GenopsSession->new($node);
my $waiting = sub {
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Extension' AND query ~ 'genops_flush' FROM pg_stat_activity WHERE pid = " . $session->pid)
	  or die 'the session does not wait';
};
$session->start("SELECT genops_flush('exported', 3600)");
$waiting->();
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $session->pid . ')');
$session->finish;
like($session->errors, qr/canceling statement due to user request/, 'it can be cancelled');
$session->query("SET statement_timeout = '300ms'; SELECT genops_flush('exported', 3600)");
like($session->errors, qr/canceling statement due to statement timeout/, 'it ends with its statement\'s time');
is($session->query('RESET statement_timeout; SELECT 1'), 1, 'the session goes on');
$session->start("SELECT genops_flush('exported', 3600)");
$waiting->();
is($node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $session->pid . ', 60000)'), 't', 'it can be terminated');
eval { $session->wait_for_end };

# Many at a time, for spans of their own.
my @sessions = map { GenopsSession->new($node) } 1 .. 5;
for my $i (0 .. $#sessions)
{
	record($node, "tenant-$i", 2);
	$sessions[$i]->start("SELECT complete FROM genops_flush('exported', 3600)");
}
$receiver->set_mode();
configure();
is(join(' ', map { $_->finish } @sessions), 't t t t t', 'several sessions wait at a time');
is(numbers($receiver, "tenant-$_"), '1 2', "tenant $_ has its spans") for 0 .. $#sessions;

# It ends when waiting can't help any more.
$receiver->set_mode({ mode => 'status', code => 401, delay_ms => 300 });
record($node, 'a', 1);
is(flush("'exported', 3600"), 'f|0|1', 'it ends when the endpoint refuses');
is(flush("'exported', 3600"), 'f|0|1', 'at once, if it has');
record($node, 'a', 1);
is(flush("'exported', 3600"), 'f|0|2', 'also with more that waits for the same');
is(flush("'stored', 3600"), 't|0|2', 'which is stored');
$receiver->set_mode();
configure();
is(flush("'exported', 3600"), 't|0|0', 'it waits again when that is mended');

# Nobody waits for a worker that waits for him.
my (undef, $out, $notice) = $node->psql('postgres', <<'END');
BEGIN;
LOCK TABLE genops.ledger_span IN ACCESS EXCLUSIVE MODE;
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'locked') \g /dev/null
SELECT complete FROM genops_flush('stored', 3600);
COMMIT;
END
is($out, 'f', 'who holds a lock of the ledger does not wait');
like($notice, qr/NOTICE:  genops_flush does not wait/, 'and is told');
is(flush("'stored'"), 't|0|1', 'it works without');

for my $bad ("'sent'", "'stored', -1", "'stored', 'NaN'", "'stored', 1e9")
{
	my ($status, undef, $error) = $node->psql('postgres', "SELECT genops_flush($bad)");

	like($error, qr/invalid value for parameter/, "genops_flush($bad) is refused");
}

$node->stop('fast');
done_testing();
