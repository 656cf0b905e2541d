# SPDX-License-Identifier: PostgreSQL
# The extension is dropped and created again, or its database is: the new ledger
# begins with nothing, and everything that waits for it ends.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');
my $arrived = 0;

sub query { return $node->safe_psql('postgres', $_[0]); }

sub record_and_deliver
{
	my ($feature, $times) = @_;

	for (1 .. $times)
	{
		query("SELECT genops_track('p', 'm', feature => '$feature')");
		flush_exported($node);
	}
	$arrived += $times;
	is( query('SELECT feature, count(*), max(segment) FROM genops.spans GROUP BY 1') . ' '
		  . query('SELECT stored, exported FROM genops.stat_delivery') . ' '
		  . scalar($receiver->spans),
		"$feature|$times|$times $times|$times $arrived",
		"the ledger has what is recorded now: $feature");
}

create_ledger($node);
deliver_to($node, $receiver);
record_and_deliver('first', 3);

# The worker doesn't see that it was gone.
query('BEGIN; DROP EXTENSION genops_tempo; CREATE EXTENSION genops_tempo; COMMIT');
is(query('SELECT complete FROM genops_flush()'), 't', 'nothing is waited for in a new ledger');
deliver_to($node, $receiver);
record_and_deliver('dropped and created', 2);

# The new ledger has not seen what the old one had, whoever asks.
my $span = '{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "0123456789abcdef0123456789abcdef", "spanId": "0123456789abcdef", "name": "again",
	"kind": 3, "startTimeUnixNano": "1767323045000000000", "endTimeUnixNano": "1767323046000000000", "attributes": []}]}]}]}';
my $again = "SELECT length(genops_track('p', 'm', feature => 'again', call => 'job 1', total_cost => 1)), (genops_ingest('$span')).accepted";
my $counted = "SELECT genops_flush('stored'); SELECT (SELECT sum(calls) FROM genops.spend WHERE feature = 'again'), (SELECT count(*) FROM genops.spans WHERE name = 'again')";
my $old = GenopsSession->new($node);

is($old->query($again), '55|1', 'a call and a span with keys');
query('DROP EXTENSION genops_tempo');
create_ledger($node);
is($old->query($again), '55|1', 'and again, for another ledger');
like(query($counted), qr/^1\|1$/m, 'which has them');
is(query($again), '55|1', 'and once more');
like(query($counted), qr/^1\|1$/m, 'which it knows');
query('DROP EXTENSION genops_tempo');
create_ledger($node);
deliver_to($node, $receiver);

# Another worker finds it.
query('DROP EXTENSION genops_tempo');
query('SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = \'genops worker\'');
create_ledger($node);
deliver_to($node, $receiver);
record_and_deliver('another worker', 1);

# A call that is open meanwhile.
my $session = GenopsSession->new($node);

$session->query("BEGIN; SELECT genops_begin('p', 'm', feature => 'open meanwhile')");
query('DROP EXTENSION genops_tempo');
query('CREATE EXTENSION genops_tempo');
deliver_to($node, $receiver);
$session->query('COMMIT');
is($session->errors, '', 'a transaction with an open call commits');
flush_exported($node);
is(query('SELECT feature FROM genops.spans'), 'open meanwhile', 'and its call is recorded where it ends');

# The launcher dies, and comes back.
query('SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type ~ \'^genops\'');
query("SELECT genops_track('p', 'm', feature => 'without a launcher')");
flush_exported($node);
is(scalar($receiver->spans), $arrived + 2, 'a launcher that died is replaced');

is(query('SELECT recorded = stored + dropped_discarded, queued, dropped - dropped_discarded FROM genops.stat_recording'),
	't|0|0', 'nothing was lost but what was queued for a ledger that was dropped');
$node->stop('fast');
$receiver->stop;
done_testing();
