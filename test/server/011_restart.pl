# SPDX-License-Identifier: PostgreSQL
# A clean stop loses nothing: not what waits in shared memory, and not the calls
# that the shutdown itself closes.  After the start the rest is stored and delivered
# without anybody recording anything.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();

# So long that nothing is stored before the stop.
my $node = new_node('main', conf => "genops_tempo.flush_interval = '60s'");

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres',
	"SELECT genops_track('p', 'm', feature => 'delivered before'); SELECT genops_flush()");
is(scalar($receiver->spans), 1, 'a span was delivered');

# Nobody answers any more, so that a request hangs in the worker.
$receiver->set_mode({ hang => 1 });
$node->safe_psql('postgres',
	"SELECT genops_track('p', 'm', feature => 'pending'); SELECT genops_flush('stored')");
wait_until('a request that hangs', sub { $receiver->stats->{requests} > 1 });
$node->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'queued') FROM generate_series(1, 100)");
my $session = GenopsSession->new($node);

$session->query("BEGIN; SELECT genops_begin('p', 'm', feature => 'open')");
my $asking = GenopsSession->new($node);

$asking->start("SELECT genops_observe(genops_begin('p', 'm', feature => 'asking'), pg_sleep(3600)::text)");
$asking->wait_for_event('PgSleep');

is($node->safe_psql('postgres', 'SELECT recorded, queued, stored FROM genops.stat_recording'),
	'102|100|2', 'much is in shared memory only');
$node->stop('fast');
$_->wait_for_end for $session, $asking;
$receiver->set_mode;
$node->append_conf('postgresql.conf', "genops_tempo.flush_interval = '50ms'");
$node->start;

my $spans_each = <<'END';
	SELECT feature || ' ' || status || ' ' || count(*) FROM genops.spans GROUP BY feature, status ORDER BY 1
END
my @expected = (
	'asking error 1',
	'delivered before unset 1',
	'open error 1',
	'pending unset 1',
	'queued unset 100');

$receiver->wait_for_spans(104);
flush_exported($node);
is_deeply([ split /\n/, $node->safe_psql('postgres', $spans_each) ],
	\@expected, 'everything is in the ledger, once');

my (%arrived, %ids);
for my $span ($receiver->spans)
{
	$arrived{"$span->{attributes}{feature}{string} $span->{status}"}++;
	$ids{ $span->{span_id} }++;
}
is_deeply([ sort map { "$_ $arrived{$_}" } keys %arrived ], \@expected, 'and was delivered, once');
is(scalar(keys %ids), 104, 'each as itself');
is( $node->safe_psql('postgres', <<'END'),
SELECT attributes ->> 'error.type' FROM genops.spans WHERE feature IN ('open', 'asking') GROUP BY 1
END
	'57P01', 'a call that the shutdown ended says so');

is( $node->safe_psql('postgres', 'SELECT recorded = stored, queued, dropped FROM genops.stat_recording'),
	't|0|0', 'what was read back is counted');
is( $node->safe_psql('postgres', 'SELECT stored, exported, pending, rejected FROM genops.stat_delivery'),
	'104|104|0|0', 'the streams count on');
is( $node->safe_psql('postgres', 'SELECT sum(calls), sum(errors) FROM genops.spend'),
	'104|2', 'and so do the totals');

# Nothing is left to be read back a second time; what is in the ledger only is
# delivered, too, without anybody's doing.
$receiver->set_mode({ mode => 'status', code => 503 });
$node->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'pending'); SELECT genops_flush('stored')");
$node->stop('fast');
ok(!-e $node->data_dir . '/genops_tempo.leftover', 'nothing was left in shared memory');
$receiver->set_mode;
$node->start;
$receiver->wait_for_spans(105);
flush_exported($node);
is(scalar($receiver->spans), 105, 'what was pending is delivered after the start, and nothing else');
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans'), 105, 'nothing comes back');

$node->stop('fast');
$receiver->stop;
done_testing();
