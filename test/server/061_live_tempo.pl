# SPDX-License-Identifier: PostgreSQL
# Against a real Tempo: what is recorded is found there, by its trace id, as the
# ledger has it.
#
#   GENOPS_TEST_TEMPO_URL    its query address, e.g. http://localhost:3200
#   GENOPS_TEST_OTLP_URL     its OTLP/HTTP address, e.g. http://localhost:4318
use strict;
use warnings;

use GenopsTest;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64;
use Test::More;

my ($tempo, $otlp) = @ENV{qw(GENOPS_TEST_TEMPO_URL GENOPS_TEST_OTLP_URL)};
plan skip_all => 'GENOPS_TEST_TEMPO_URL and GENOPS_TEST_OTLP_URL are not set' unless $tempo && $otlp;

my $tenant = 'genops-test';
my $json = JSON::PP->new->utf8;
my $node = new_node('main');

create_ledger($node);
$node->safe_psql('postgres', <<"END");
SELECT genops_configure(endpoint => '$tempo', otlp_endpoint => '$otlp', tenant_id => '$tenant', environment => 'test')
END

# A call with everything, one that fails, a step around two calls.
my @traceparents = split /\n/, $node->safe_psql('postgres', <<'END');
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 300, total_cost => 0.0125,
	team => 'support', project => 'p', customer_id => 42, cost_center => 'cc', feature => 'f', user_id => 'u',
	service_name => 'shop', duration => '1.5 s',
	attributes => '{"text": "ä \"quoted\"", "whole": 7, "part": 0.5, "yes": true, "list": ["a", "b"]}');
SELECT genops_track('anthropic', 'claude-sonnet-4', error => 'overloaded', team => 'research');
BEGIN;
SELECT genops_begin(name => 'a step', operation => 'workflow') AS step \gset
SELECT genops_track('openai', 'gpt-4o-mini', team => 'support');
SELECT genops_track('openai', 'text-embedding-3-small', operation => 'embeddings');
SELECT genops_end(:'step');
COMMIT;
END
flush_exported($node);
my %ids = map { (split /-/)[1] => 1 } @traceparents;
is(scalar keys %ids, $node->safe_psql('postgres', 'SELECT count(DISTINCT trace_id) FROM genops.spans'), 'traces were recorded');

sub plain
{
	my ($value) = @_;
	my ($kind, $content) = %$value;

	return [ map { plain($_) } @{ $content->{values} || [] } ] if $kind eq 'arrayValue';
	return 0 + $content if $kind eq 'intValue' || $kind eq 'doubleValue';
	return $content;
}

sub plain_attributes { return { map { $_->{key} => plain($_->{value}) } @{ $_[0] || [] } }; }

# The spans of a trace as Tempo has them, or none yet.
sub found
{
	my ($id) = @_;
	my $answer = HTTP::Tiny->new(timeout => 30)->get("$tempo/api/v2/traces/$id",
		{ headers => { Accept => 'application/json', 'X-Scope-OrgID' => $tenant } });
	my $trace = $answer->{status} == 200 ? $json->decode($answer->{content})->{trace} : {};
	my %spans;

	for my $resource (@{ $trace->{resourceSpans} || [] })
	{
		for my $span (map { @{ $_->{spans} } } @{ $resource->{scopeSpans} })
		{
			$spans{ unpack 'H*', decode_base64($span->{spanId}) } = {
				name => $span->{name},
				kind => $span->{kind} =~ /SPAN_KIND_(.*)/ ? lc $1 : '',
				error => ($span->{status}{code} || '') =~ /ERROR/ ? 1 : 0,
				start => 0 + substr($span->{startTimeUnixNano}, -9, 6),
				attributes => plain_attributes($span->{attributes}),
				resource => plain_attributes($resource->{resource}{attributes}),
			};
		}
	}
	return \%spans;
}

# The same of the ledger.
sub kept
{
	my ($id) = @_;
	my $rows = $json->decode($node->safe_psql('postgres', <<"END"));
SELECT jsonb_object_agg(span_id, jsonb_build_object('name', name, 'kind', kind, 'error', (status = 'error')::int,
	'start', extract(microseconds FROM start_time)::bigint % 1000000,
	'attributes', attributes, 'resource', resource_attributes))
FROM genops_trace('$id')
END
	return $rows;
}

for my $id (sort keys %ids)
{
	my $expected = kept($id);
	my $spans;

	wait_until("trace $id is found", sub { keys %{ $spans = found($id) } >= keys %$expected });
	is_deeply($spans, $expected, "trace $id is as it was recorded");
}

$node->stop('fast');
done_testing();
