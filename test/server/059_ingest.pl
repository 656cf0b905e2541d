# SPDX-License-Identifier: PostgreSQL
# Spans that others made go the same way: they arrive exactly as they came, with
# their resource and scope, in their turn, and the ledger knows their facts.
use strict;
use warnings;

use File::Basename qw(dirname);
use GenopsDelivery;
use GenopsTest;
use IPC::Run qw(run);
use JSON::PP;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => q(tenant_id => 'a', environment => 'test', resource_attributes => '{"ours": "yes"}'));

# What Google's library makes of a request: the spans, and its bytes in hex.
sub read_by_library
{
	my ($request) = @_;
	my ($out, $program) = ('', <<'END');
import json, sys
sys.path.insert(0, sys.argv[1])
from otlp_spans import parse, spans
request = parse(sys.stdin.buffer.read(), True)
print(json.dumps([spans(request), request.SerializeToString().hex()]))
END

	run([ '/usr/bin/python3', '-c', $program, dirname(__FILE__) . '/../stand_in' ], '<', \$request, '>', \$out)
	  or die 'the library refused the request';
	return @{ JSON::PP->new->utf8->decode($out) };
}

sub attribute { return qq({"key": "$_[0]", "value": $_[1]}); }

my $requests = 0;

# Two resources, three scopes; every kind of value.
sub request_of
{
	my ($name) = @_;
	my $base = 100 * $requests++;    # ids of its own: a span that is delivered again is recorded once
	my $ids = sub { sprintf '"traceId": "%032x", "spanId": "%016x"', $base + $_[0], $base + $_[0] + 1000 };
	my $times = '"startTimeUnixNano": "1767323045123456789", "endTimeUnixNano": "1767323046500000001"';
	my $call = join ', ', attribute('gen_ai.provider.name', '{"stringValue": "anthropic"}'),
	  attribute('gen_ai.request.model', '{"stringValue": "claude-sonnet-4"}'),
	  attribute('gen_ai.operation.name', '{"stringValue": "chat"}'),
	  attribute('gen_ai.usage.input_tokens', '{"intValue": "11"}'),
	  attribute('genops.cost.total_cost', '{"doubleValue": 0.25}'),
	  attribute('team', '{"stringValue": "research"}'), attribute('customer_id', '{"stringValue": "42"}');
	my $odd = join ', ', attribute('yes', '{"boolValue": true}'), attribute('umlaut \u00fc', '{"stringValue": "\ud83d\ude00"}'),
	  attribute('bytes', '{"bytesValue": "AAECAw=="}'),
	  attribute('array', '{"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "1"}, {}]}}'),
	  attribute('map', '{"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 1}}]}}');

	return <<"END";
{"resourceSpans": [
 {"resource": {"attributes": [@{[ attribute('service.name', '{"stringValue": "elsewhere"}') ]}, @{[ attribute('theirs', '{"intValue": "7"}') ]}]},
  "schemaUrl": "https://opentelemetry.io/schemas/1.30.0",
  "scopeSpans": [
   {"scope": {"name": "a library", "version": "2.1"}, "spans": [
    {@{[ $ids->(1) ]}, $times, "name": "$name call", "kind": 3, "attributes": [$call], "traceState": "ot=th:8,x=y", "flags": 257,
     "status": {"code": 2, "message": "no"}, "droppedAttributesCount": 3,
     "events": [{"name": "exception", "timeUnixNano": "1767323046000000000", "attributes": [@{[ attribute('exception.type', '{"stringValue": "T"}') ]}]}],
     "links": [{@{[ $ids->(9) ]}, "traceState": "l=1"}]}]},
   {"scope": {"name": "another"}, "spans": [{@{[ $ids->(2) ]}, $times, "name": "$name odd", "kind": 1, "parentSpanId": "00f067aa0ba902b7", "attributes": [$odd]}]}]},
 {"resource": {"attributes": []}, "scopeSpans": [{"spans": [{@{[ $ids->(3) ]}, $times, "name": "$name bare"}]}]}]}
END
}

sub ingest
{
	my ($call) = @_;

	return $node->safe_psql('postgres', "SELECT accepted, rejected, reason FROM $call");
}

sub arrived
{
	my ($name) = @_;
	my %mine = map { $_ => 1 } qw(tenant request headers authorization);

	return [ map { my $span = $_; +{ map { $_ => $span->{$_} } grep { !$mine{$_} } keys %$span } }
		  grep { $_->{name} =~ /^$name/ } $receiver->spans ];
}

sub by_name { return [ sort { $a->{name} cmp $b->{name} } @{ $_[0] } ]; }

for my $encoding ('json', 'protobuf')
{
	my $request = request_of($encoding);
	my ($expected, $bytes) = read_by_library($request);

	is(ingest($encoding eq 'json' ? "genops_ingest(\$\$$request\$\$)" : "genops_ingest_protobuf('\\x$bytes')"),
		'3|0|', "$encoding: accepted");
	flush_exported($node);
	is_deeply(by_name(arrived($encoding)), by_name($expected), "$encoding: arrives as it came");
	is($node->safe_psql('postgres', <<"END"), <<'END' =~ s/\n$//r =~ s/NAME/$encoding/gr, "$encoding: its facts");
SELECT name, service_name, kind, status, provider, model, team, customer_id, prompt_tokens, total_cost, ai_call, tenant_id,
	start_time AT TIME ZONE 'UTC' FROM genops.spans WHERE name ~ '^$encoding (call|odd)' ORDER BY name
END
NAME call|elsewhere|client|error|anthropic|claude-sonnet-4|research|42|11|0.25|t|a|2026-01-02 03:04:05.123456
NAME odd|elsewhere|internal|unset|||||||f|a|2026-01-02 03:04:05.123456
END
}
is($node->safe_psql('postgres', "SELECT sum(calls), sum(total_cost) FROM genops.spend WHERE team = 'research'"),
	'2|0.50', 'calls cost, steps do not');

# Spans of a tenant keep their turn.
for my $round (1 .. 3)
{
	ingest("genops_ingest(\$\$@{[ request_of(qq(turn $round)) ]}\$\$)");
	$node->safe_psql('postgres', "SELECT genops_flush('stored'); SELECT genops_track('openai', 'gpt-4o', name => 'turn $round own'); SELECT genops_flush('stored')");
}
flush_exported($node);
is(join(' ', map { $_->{name} =~ /^turn (\d) (own)?/ ? $1 . ($2 || '') : () } $receiver->spans),
	'1 1 1 1own 2 2 2 2own 3 3 3 3own', 'in order with our own');

# What is bad is counted, and told; what is malformed records nothing.
my $bad = request_of('bad') =~ s/"endTimeUnixNano": "\d+", "name": "bad odd"/"endTimeUnixNano": "18446744073709551615", "name": "bad odd"/r;
like(ingest("genops_ingest(\$\$$bad\$\$)"), qr/^2\|1\|.+/, 'a bad span is counted, and the reason told');
flush_exported($node);
is_deeply([ map { $_->{name} } @{ by_name(arrived('bad')) } ], [ 'bad bare', 'bad call' ], 'the others arrive');
my (undef, undef, $error) = $node->psql('postgres', "SELECT genops_ingest_protobuf('\\xffff')");
like($error, qr/the request is no valid protobuf/, 'a malformed request is refused');
is($node->safe_psql('postgres', 'SELECT recorded = stored, queued, dropped FROM genops.stat_recording'), 't|0|0', 'the counts agree');

$node->stop('fast');
done_testing();
