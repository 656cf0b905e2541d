# SPDX-License-Identifier: PostgreSQL
# Sampling thins what is sent, by whole traces and as their parents decided, never
# what the ledger keeps; and tells the endpoint by how much.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => 'sampling_rate => 0.5');

# Counts of a tenant of which "sent" of "stored" spans were to be sent.
sub thinned
{
	my ($tenant, $stored, $sent, $what) = @_;

	flush_exported($node);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar grep({ ($_->{tenant} || '') eq $tenant } $receiver->spans), $sent, "$what: sent");
	is(delivery($node, $tenant, 'stored, exported, not_sampled, pending'),
		join('|', $stored, $sent, $stored - $sent, 0), "$what: counted");
	is($node->safe_psql('postgres', <<"END"), "$stored|$stored", "$what: the ledger has all");
SELECT (SELECT count(*) FROM genops.spans WHERE tenant_id = '$tenant'),
	(SELECT sum(calls) FROM genops.spend WHERE tenant_id = '$tenant')
END
}

# Half of 200 traces of three spans: those whose ids' last seven bytes are large.
$node->safe_psql('postgres', <<'END');
SELECT genops_observe(genops_begin('openai', 'gpt-4o', tenant_id => 'half', feature => i::text),
	genops_observe(genops_begin('openai', 'gpt-4o', tenant_id => 'half'),
		genops_track('openai', 'gpt-4o', tenant_id => 'half')))
FROM generate_series(1, 200) i
END
flush_exported($node);
my %spans_of;
$spans_of{ $_->{trace_id} }++ for $receiver->spans;
my $kept = $node->safe_psql('postgres', <<'END');
SELECT trace_id FROM genops.spans WHERE substr(trace_id, 19) >= '80000000000000' GROUP BY 1 ORDER BY 1
END
my $traces = scalar split /\n/, $kept;
cmp_ok($traces, '>', 0, 'some traces are sent');
cmp_ok($traces, '<', 200, 'some are not');
is(join("\n", sort keys %spans_of), $kept, 'those that everybody would choose');
is_deeply([ grep { $_ != 3 } values %spans_of ], [], 'whole traces');
is_deeply([ grep { $_->{trace_state} ne 'ot=th:8' } $receiver->spans ], [], 'each tells the threshold');
thinned('half', 600, 3 * $traces, 'rate 0.5');

# None, and all.
$node->safe_psql('postgres', 'SELECT genops_configure(sampling_rate => 0)');
record($node, 'none', 20);
thinned('none', 20, 0, 'rate 0');

$node->safe_psql('postgres', 'SELECT genops_configure(sampling_rate => 1)');
record($node, 'all', 20);
thinned('all', 20, 20, 'rate 1');
is_deeply([ grep { $_->{tenant} eq 'all' && $_->{trace_state} ne 'ot=th:0' } $receiver->spans ],
	[], 'each stands for one');

# Who calls us has decided for the trace.
sub child_of
{
	my ($parent, $tenant, $options) = @_;

	return $node->safe_psql('postgres', <<"END");
SELECT genops_track('openai', 'gpt-4o', tenant_id => '$tenant', traceparent => '$parent', options => '$options')
END
}
my $trace = '4bf92f3577b34da6a3ce929d0e0e4736';
like(child_of("00-$trace-00f067aa0ba902b7-00", 'unwanted', '{}'), qr/^00-$trace-.*-00$/, 'says no');
thinned('unwanted', 1, 0, 'a parent that is not sampled, rate 1');

$node->safe_psql('postgres', 'SELECT genops_configure(sampling_rate => 0)');
like(child_of("00-$trace-00f067aa0ba902b7-01", 'wanted', '{"tracestate": "ot=th:c,other=1"}'),
	qr/^00-$trace-.*-01$/, 'says yes');
thinned('wanted', 1, 1, 'a parent that is sampled, rate 0');
my ($wanted) = grep { ($_->{tenant} || '') eq 'wanted' } $receiver->spans;
is($wanted->{trace_state}, 'ot=th:c,other=1', 'with its own threshold');

# Errors, all of them, if so configured.
sub succeed_and_fail
{
	my ($tenant) = @_;

	$node->psql('postgres', <<"END", on_error_stop => 0);
SELECT genops_track('openai', 'gpt-4o', tenant_id => '$tenant');
SELECT genops_track('openai', 'gpt-4o', tenant_id => '$tenant', error => 'timeout');
SELECT genops_end(genops_begin('openai', 'gpt-4o', tenant_id => '$tenant'), error => 'timeout');
SELECT genops_observe(genops_begin('openai', 'gpt-4o', tenant_id => '$tenant'), 1 / (random() * 0)::int);
END
}
succeed_and_fail('errors');
thinned('errors', 4, 0, 'errors are thinned too');
$node->safe_psql('postgres', q(SELECT genops_configure(options => '{"keep_errors": true}')));
succeed_and_fail('kept');
thinned('kept', 4, 3, 'unless they are to be kept');
is_deeply([ map { $_->{status} } grep { ($_->{tenant} || '') eq 'kept' } $receiver->spans ],
	[ ('error') x 3 ], 'only those');

$node->stop('fast');
done_testing();
