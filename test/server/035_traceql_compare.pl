# SPDX-License-Identifier: PostgreSQL
# genops_traceql_compare: what only one side has, and why.
use strict;
use warnings;

use GenopsTempo;
use GenopsTest;
use JSON::PP;
use MIME::Base64;
use Test::More;

my $receiver = start_receiver();
my $tempo = GenopsTempo->start;
my $node = new_node('main', conf => "timezone = 'UTC'\nclient_min_messages = error");

create_ledger($node);
deliver_to($node, $receiver);
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}')");

sub compare
{
	my ($columns, $query) = @_;

	return $node->safe_psql('postgres',
		"SELECT $columns FROM genops_traceql_compare(\$q\$$query\$q\$) AS c ORDER BY name, labels::text");
}

# An answer of Tempo's that has these spans: [trace, span, name].
sub answer
{
	return encode_json({ traces => [ map { {
		traceID => $_->[0], startTimeUnixNano => (time() + 5) . '000000000',
		spanSets => [ { matched => 1, spans => [ { spanID => $_->[1], name => $_->[2],
			startTimeUnixNano => (time() + 5) . '000000000', durationNanos => '1' } ] } ] } } @_ ] });
}

sub track { return split /-/, $node->safe_psql('postgres', "SELECT genops_track('p', '$_[0]', team => 'mine'$_[1])"); }

# As Tempo has ids in JSON.
sub pack_id { return encode_base64(pack('H*', $_[0]), ''); }

# The same on both sides
my (undef, $trace, $span) = track('both', '');
flush_exported($node);
$tempo->set_mode({ path => '/api/search', body => answer([ $trace, $span, 'chat both' ]) });
is(compare('*', '{ .team = "mine" }'), '', 'no difference is no row');

# Of the ledger alone
$tempo->set_mode({ path => '/api/search', body => answer() });
is(compare('only_in, name, reason', '{ .team = "mine" }'),
	'ledger|chat both|too young: Tempo shows a span some time after it took it', 'sent just now');

# The same span, when it should be there.
my $age = $node->safe_psql('postgres', "SELECT recorded_at - date_trunc('day', recorded_at, 'UTC') > interval '2 minutes' FROM genops.ledger_segment");
SKIP:
{
	skip 'the day has just begun', 4 if $age ne 't';
	$node->safe_psql('postgres', "UPDATE genops.ledger_$_ SET recorded_at = recorded_at - interval '2 minutes'") for qw(span segment);
	is(compare('reason', '{ .team = "mine" }'),
		'unknown: sent, and Tempo does not have the trace. It may be beyond Tempo\'s retention, or dropped by its limits', 'gone without a reason');
	$node->safe_psql('postgres', "SELECT genops_configure(via_collector => true, collector_endpoint => '@{[ $receiver->url ]}')");
	like(compare('reason', '{ .team = "mine" }'), qr/^unknown: .*, or by the Collector after it answered$/, 'a Collector may be the cause');
	$node->safe_psql('postgres', "SELECT genops_configure(via_collector => false)");
	my $with_receiver = GenopsTempo->start(spans => $receiver);
	$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $with_receiver->url ]}')");
	$with_receiver->set_mode({ path => '/api/search', body => answer([ $trace, $span, 'chat both' ]) });
	is(compare('only_in, reason', '{ .team = "none" }'),
		'tempo|the ledger has it, and this query does not find it there: one of the differences in docs/traceql.md', 'a query that means something else to Tempo');
	$tempo->set_mode({ path => "/api/v2/traces/$trace", body => encode_json({ trace => { resourceSpans => [ { scopeSpans => [ { spans => [
		{ traceId => pack_id($trace), spanId => pack_id($span), name => 'chat both', startTimeUnixNano => '1', endTimeUnixNano => '2' } ] } ] } ] } }) },
		{ path => '/api/search', body => answer() });
	$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}')");
	is(compare('reason', '{ .team = "mine" }'),
		'Tempo has it, and does not find it by the query that it was sent: see genops_traceql_explain()', 'what the query is to blame for');
	$tempo->set_mode({ path => '/api/search', body => answer() });
}
$node->safe_psql('postgres', "SELECT genops_pause_delivery()");
track('waiting', '');
is(compare('only_in, reason', '{ name = "chat waiting" }'), 'ledger|pending: delivery is paused, by genops_pause_delivery()', 'recorded, and not sent');
$node->safe_psql('postgres', 'SELECT genops_resume_delivery()');
$node->safe_psql('postgres', "SELECT genops_configure(sampling_rate => 0)");
track('left out', '');
is(compare('only_in, reason', '{ name = "chat left out" }'), 'ledger|not sampled', 'sampled out');
$node->safe_psql('postgres', "SELECT genops_configure(sampling_rate => 1)");
is(compare('trace_id, span_id', '{ name = "chat both" }'), "$trace|$span", 'which span');

# Of Tempo alone
$tempo->set_mode({ path => '/api/search', body => answer([ 'a' x 32, 'b' x 16, 'foreign' ]) });
is(compare('only_in, name, reason', '{ name = "none" }'),
	'tempo|foreign|not recorded here: by another sender, on a standby, or in a ledger that was dropped', 'recorded elsewhere');

# Metrics
my $series = sub {
	encode_json({ series => [ { labels => [ { key => '.team', value => { stringValue => 'mine' } } ], value => $_[0] } ] });
};
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans');
$tempo->set_mode({ path => '/api/metrics/query', body => $series->($count + 0) });
is($node->safe_psql('postgres',
		"SELECT count(*) FROM genops_traceql_compare('{} | count_over_time() by (.team)', step => '0')"),
	0, 'the same value');
$tempo->set_mode({ path => '/api/metrics/query', body => $series->($count - 1) });
is($node->safe_psql('postgres',
		"SELECT labels, ledger_value - tempo_value FROM genops_traceql_compare('{} | count_over_time() by (.team)', step => '0')"),
	'{".team": "mine"}|1', 'another value');

# A mistake is shown, not the queries that compare.
my (undef, undef, $error) = $node->psql('postgres', "SELECT * FROM genops_traceql_compare('{ .team == 1 }')");
like($error, qr/invalid TraceQL query at column 10: .*HINT:  Perhaps this is meant: \{ \.team = 1 \}/s, 'a mistake in the query');
unlike($error, qr/MATERIALIZED/, 'without the SQL');

done_testing();
