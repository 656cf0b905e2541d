# SPDX-License-Identifier: PostgreSQL
# A real Tempo, asked from SQL, answers with what was recorded.
#
#   GENOPS_TEST_TEMPO_URL    its query address, e.g. http://localhost:3200
#   GENOPS_TEST_OTLP_URL     its OTLP/HTTP address, e.g. http://localhost:4318
use strict;
use warnings;

use GenopsTest;
use Test::More;

my ($tempo, $otlp) = @ENV{qw(GENOPS_TEST_TEMPO_URL GENOPS_TEST_OTLP_URL)};
plan skip_all => 'GENOPS_TEST_TEMPO_URL and GENOPS_TEST_OTLP_URL are not set' unless $tempo && $otlp;

my $node = new_node('main', conf => "timezone = 'UTC'");
my $service = sprintf 'live-%d-%d', time, $$;
my $mine = "resource.service.name = \"$service\"";

create_ledger($node);
$node->safe_psql('postgres', <<"END");
SELECT genops_configure(endpoint => '$tempo', otlp_endpoint => '$otlp', tenant_id => 'genops-test');
CREATE TABLE trace AS SELECT encode(uuid_send(gen_random_uuid()), 'hex') AS id, now() - interval '1 minute' AS start;
CREATE FUNCTION span(span_id text, parent text, name text, kind int, status jsonb, millis int, attributes jsonb) RETURNS jsonb AS \$\$
	SELECT jsonb_build_object('traceId', id, 'spanId', span_id, 'parentSpanId', parent, 'name', name, 'kind', kind,
		'startTimeUnixNano', (extract(epoch FROM start) * 1000000)::bigint::text || '000',
		'endTimeUnixNano', (extract(epoch FROM start) * 1000000 + millis * 1000)::bigint::text || '000',
		'status', status, 'attributes', attributes)
	FROM trace \$\$ LANGUAGE sql;
SELECT genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
	'resource', '{"attributes": [{"key": "service.name", "value": {"stringValue": "$service"}}]}'::jsonb,
	'scopeSpans', jsonb_build_array(jsonb_build_object('spans', jsonb_build_array(
		span('a000000000000001', '', 'root', 2, '{}', 2000,
			'[{"key": "team", "value": {"stringValue": "a"}}, {"key": "n", "value": {"doubleValue": 1.5}}]'),
		span('a000000000000002', 'a000000000000001', 'child', 3, '{"code": 2, "message": "boom"}', 500,
			'[{"key": "team", "value": {"stringValue": "a"}}, {"key": "n", "value": {"intValue": "2"}},
			  {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"stringValue": "y"}]}}}]'),
		span('00000000000000b3', 'a000000000000001', 'other', 1, '{"code": 1}', 1,
			'[{"key": "team", "value": {"stringValue": "b"}}]'),
		span('00000000000000b4', '00000000000000b3', 'last', 0, '{}', 0, '[]'))))))));
END
flush_exported($node);

sub ask
{
	my ($columns, $query, $more) = @_;

	$more = $more ? ", $more" : '';
	return $node->safe_psql('postgres',
		"SELECT $columns FROM genops_traceql(source => 'tempo', query => \$q\$$query\$q\$, since => '10 minutes'$more) AS a ORDER BY span_id, labels::text, time");
}

wait_until('Tempo finds the spans', sub { ask('count(*) OVER ()', "{ $mine }") =~ /\A4\n/ });

is(ask('trace_id = (SELECT id FROM trace), span_id, parent_span_id, service_name, name, kind, status, status_message, root_service_name,
		root_name, start_time = (SELECT start FROM trace), duration, duration_ms, attributes, matched', "{ $mine }"),
	<<"END" =~ s/\n\z//r, 'a search');
t|00000000000000b3|a000000000000001|$service|other|internal|ok||$service|root|t|00:00:00.001|1|{"service.name": "$service"}|4
t|00000000000000b4|00000000000000b3|$service|last|unspecified|unset||$service|root|t|00:00:00|0|{"service.name": "$service"}|4
t|a000000000000001||$service|root|server|unset||$service|root|t|00:00:02|2000|{"service.name": "$service"}|4
t|a000000000000002|a000000000000001|$service|child|client|error|boom|$service|root|t|00:00:00.5|500|{"service.name": "$service"}|4
END
is(ask('name, attributes', "{ $mine && status = error } | select(.n, .list)"),
	qq(child|{"n": 2, "list": ["x", "y"], "status": "error", "service.name": "$service"}), 'select, and what the query names');
is(ask('name, labels, matched', "{ $mine } | by(.team) | count() > 1"), <<'END' =~ s/\n\z//r, 'groups');
root|{"count()": 2, "by(.team)": "a"}|2
child|{"count()": 2, "by(.team)": "a"}|2
END

# Its values of both types, which Tempo alone would not compare.
is(ask('name', "{ $mine && .n > 1 }"), "root\nchild", 'rewritten so that it means what it says');
is(ask('labels, value, time', "{ $mine } | count() by (.team)") =~ s/\|2[^|]*$//mgr, qq({".team": "a"}|2\n{".team": "b"}|1\n{".team": "nil"}|1), 'an instant query');
is(ask("labels, sum(value) OVER (PARTITION BY labels) ", "{ $mine } | count_over_time() by (name)", "step => '1 min'")
	=~ s/^(.*)\n(?=\1$)//mgr, <<'END' =~ s/\n\z//r, 'a range query');
{"name": "child"}|1
{"name": "last"}|1
{"name": "other"}|1
{"name": "root"}|1
END
is($node->safe_psql('postgres',
		'SELECT (SELECT count(*) FROM genops.tempo_trace(id)), (SELECT count(*) FROM genops_trace(id)) FROM trace'),
	'4|4', 'the whole trace');
is($node->safe_psql('postgres', <<'END'), '0', 'is as the ledger has it');
SELECT count(*) FROM trace, LATERAL (
	(SELECT trace_id, span_id, parent_span_id, service_name, name, kind, status, status_message, start_time, duration, duration_ms,
		attributes, resource_attributes FROM genops.tempo_trace(id))
	EXCEPT (SELECT trace_id, span_id, parent_span_id, service_name, name, kind, status, status_message, start_time, duration, duration_ms,
		attributes, resource_attributes FROM genops_trace(id))) d
END
is($node->safe_psql('postgres', "SELECT count(*) FROM genops.tempo_tags('resource') WHERE tag = 'service.name'"), '1', 'tags');
is($node->safe_psql('postgres', "SELECT * FROM genops.tempo_tag_values('name', '{ $mine }') ORDER BY value"),
	"string|child\nstring|last\nstring|other\nstring|root", 'values');
like($node->safe_psql('postgres', "SELECT 'version ' || genops.tempo_version()"), qr/\Aversion /, 'its version');

# Every kind of query is understood by Tempo with the select that is added.
for my $query (
	"{ $mine } >> { name = \"child\" }",
	"{ $mine } | { status = error } | coalesce()",
	"{ $mine } | avg(duration) > 1ms | select(.n, name)",
	"{ $mine } with (most_recent=true)")
{
	like(ask('name', $query), qr/^child$/m, $query);
}

is(ask('count(*) OVER (), name, kind', "({ $mine } | count() > 1) && ({ status = error } | count() > 0)") =~ s/\n.*//sr,
	'4||', 'behind brackets there is only what the query mentions');

# What it refuses.
sub failure
{
	my (undef, undef, $said) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT $_[0]");
	return $said;
}

like(failure("genops_traceql(source => 'tempo', query => '{ $mine } | rate()', step => '1 ms')"), qr/22023: .*\nDETAIL:  It answered HTTP 400: step of/, 'a step');
like(failure("genops.tempo_tag_values('foo')"), qr/22023: .*\nDETAIL:  It answered HTTP 400: please provide a valid tagName/, 'a tag');
is(failure("genops_traceql(source => 'tempo', query => '{ name = \"none $service\" }', max_traces => 10000000)"), '', 'a limit is lowered');

$node->stop('fast');
done_testing();
