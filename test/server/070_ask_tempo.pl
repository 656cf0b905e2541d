# SPDX-License-Identifier: PostgreSQL
# Tempo is asked from SQL: what goes out, and what rows its answers become.
use strict;
use warnings;

use Encode;
use GenopsTempo;
use GenopsTest;
use JSON::PP;
use Test::More;

my $tempo = GenopsTempo->start;
my $node = new_node('main', conf => "timezone = 'UTC'\nclient_min_messages = warning");
my $range = 'start_time => to_timestamp(1795455355), end_time => to_timestamp(1795455445)';
my $select = 'select(name, status, kind, statusMessage, span:parentID, resource.service.name)';

create_ledger($node);
$node->safe_psql('postgres', <<"END");
SELECT genops_configure(endpoint => '@{[ $tempo->url ]}', tenant_id => 'acme',
	basic_auth => 'reader:sesame', headers => '{"X-Extra": "more"}')
END

# Rows of a query, more arguments as SQL, and what was said meanwhile.
sub ask
{
	my ($columns, $query, $more) = @_;
	my ($rows, $said);

	$more = $more ? ", $more" : '';
	$node->psql('postgres', "SELECT $columns FROM genops_traceql(source => 'tempo', query => \$q\$$query\$q\$, $range$more)",
		stdout => \$rows, stderr => \$said);
	$said =~ s/^psql:<stdin>:\d+: //mg;
	return $said ? "$rows\n$said" : $rows;
}

# The last question's path and parameters.
sub asked
{
	my $request = $tempo->last_request;
	my $parameters = $request->{parameters};

	return join ' ', $request->{path}, map { "$_=$parameters->{$_}" } sort keys %$parameters;
}

my $all = 'trace_id, span_id, parent_span_id, tenant_id, service_name, name, kind, status, status_message,
	root_service_name, root_name, start_time, duration, duration_ms';

# Search
is(ask($all, '{ resource.service.name = "backend" }'), <<'END' =~ s/\n\z//r, 'spans');
0000000000000000aaaaaaaaaaaa0001|a000000000000003|a000000000000002|acme|backend|childB|server|error||frontend|root|2026-11-23 17:36:25.2+00|00:00:00.3|300
0000000000000000aaaaaaaaaaaa0001|a000000000000004|a000000000000002|acme|backend|childC|internal|unset||frontend|root|2026-11-23 17:36:25.3+00|00:00:00.1|100
0000000000000000aaaaaaaaaaaa0001|a000000000000005|a000000000000001|acme|backend|childD|producer|unset||frontend|root|2026-11-23 17:36:25.4+00|00:00:01.1|1100
END
is(asked(),
	"/api/search end=1795455445 limit=10000 q={ resource.service.name = `backend` } | $select spss=100 start=1795455355",
	'the query, with what the columns need');
my $headers = $tempo->last_request->{headers};
is($headers->{'x-scope-orgid'}, 'acme', 'the configured tenant');
is($headers->{authorization}, 'Basic cmVhZGVyOnNlc2FtZQ==', 'the configured user');
is($headers->{'x-extra'}, 'more', 'the configured headers');

is(ask('attributes', '{ resource.service.name = "backend" }', 'max_traces => 7, spans_per_trace => 5') =~ s/\n.*//sr,
	'{"foo": "res2", "tokens": 5, "cloud.region": "us-east-1", "service.name": "backend", "nestedSetLeft": 3, "exception.message": "bad"}',
	'a column is an attribute only if the query names it, typed');
like(asked(), qr/ limit=7 .* spss=5 /, 'limits');
is(ask('resource_attributes, labels, matched, time, value', '{ resource.service.name = "backend" }') =~ s/\n.*//sr,
	'||3||', 'what a search does not have');
is(ask('attributes', '{ name = "childA" } | select(.tags, .nums, .one, .cost, .flag, .tokens)'),
	'{"one": "solo", "cost": 0.06, "flag": false, "nums": [1, 2, 3], "tags": ["x", "y"], "tokens": 10}',
	'arrays and other types');

is(ask('root_service_name, name, matched, labels', '{ name != "nosvc" } | by(resource.service.name) | count() > 1'),
	<<'END' =~ s/\n\z//r, 'groups; no root is NULL');
|orph1|2|{"count()": 2, "by(resource.service.name)": "orphan"}
|orph2|2|{"count()": 2, "by(resource.service.name)": "orphan"}
frontend|root|2|{"count()": 2, "by(resource.service.name)": "frontend"}
frontend|childA|2|{"count()": 2, "by(resource.service.name)": "frontend"}
frontend|childB|3|{"count()": 3, "by(resource.service.name)": "backend"}
frontend|childC|3|{"count()": 3, "by(resource.service.name)": "backend"}
frontend|childD|3|{"count()": 3, "by(resource.service.name)": "backend"}
END
is(ask('*', '{ name = "nope" }'), '', 'nothing found');
$tempo->set_mode({ body => '{"traces":[{"traceID":"1a","spanSets":[{"spans":[{"spanID":"2b","attributes":['
		. '{"key":"status","value":{"stringValue":"late"}},{"key":"status","value":{"stringValue":"ok"}},'
		. '{"key":"span:parentID","value":{"stringValue":"0000000000000000"}}]}]}]}]}' });
is(ask('trace_id, span_id, parent_span_id IS NULL, status, attributes', '{ span.status = "late" }'),
	'0000000000000000000000000000001a|000000000000002b|t|ok|{"status": "late"}',
	'ids are padded, a root has no parent, an attribute called status is none');
$tempo->set_mode;

# The query is rewritten so that Tempo means the same, unless it is not to be.
ask('1', '{ .n > 5 }');
like(asked(), qr/q=\{ \(\.n > 5\) \|\| \(\.n > 5\.0\) \} \| select/, 'rewritten');
ask('1', '{ .n > 5 }', 'verbatim => true');
like(asked(), qr/q=\{ \.n > 5 \} \| select/, 'verbatim');

# Metrics
is(ask('labels, time, value', '{} | rate() by (resource.service.name)', "step => '10 s'") =~ s/.*(?=\{[^{]*backend[^{]*17:36:20)//sr =~ s/(.*?\n.*?)\n.*/$1/sr,
	<<'END' =~ s/\n\z//r, 'a row per series and step; what is left out of the JSON is 0');
{"resource.service.name": "backend"}|2026-11-23 17:36:20+00|0
{"resource.service.name": "backend"}|2026-11-23 17:36:30+00|0.30000000000000004
END
is(asked(), '/api/metrics/query_range end=1795455445 q={ true } | rate() by(resource.service.name) start=1795455355 step=10s',
	'a range query');
is(ask("sum((labels->'p')::numeric) FILTER (WHERE value > 0)", '{} | quantile_over_time(duration, .5, .9, 0.99)', "step => '1 min'"),
	'2.39', 'labels are typed');
is(ask('labels, time, value', '{} | count() by (resource.service.name)'), <<'END' =~ s/\n\z//r, 'instant: of the whole range');
{"resource.service.name": ""}|2026-11-23 17:37:25+00|1
{"resource.service.name": "backend"}|2026-11-23 17:37:25+00|3
{"resource.service.name": "frontend"}|2026-11-23 17:37:25+00|2
{"resource.service.name": "orphan"}|2026-11-23 17:37:25+00|2
END
is(asked(), '/api/metrics/query end=1795455445 q={ true } | count_over_time() by(resource.service.name) start=1795455355',
	'an instant query');
$tempo->set_mode({ texts => JSON::PP::true });
is(ask('sum(value)', '{} | count() by (resource.service.name)'), '8', 'numbers may be texts');
$tempo->set_mode({ body => '{"series":[{"value":"NaN"},{"value":"-Infinity"}]}' });
is(ask('labels, value', '{} | count() by (resource.service.name)'), "{}|NaN\n{}|-Infinity", 'or none');
$tempo->set_mode;

# One trace, tags, version
is($node->safe_psql('postgres',
		"SELECT span_id, parent_span_id, name, kind, status, status_message, root_name, duration_ms, attributes->'cost',
			resource_attributes->>'foo' FROM genops.tempo_trace('AAAAAAAAAAAA0001')"), <<'END' =~ s/\n\z//r, 'a whole trace');
a000000000000001||root|server|unset||root|2000|1.5|res
a000000000000002|a000000000000001|childA|client|ok||root|600|0.06|res
a000000000000003|a000000000000002|childB|server|error|boom|root|300|2.0|res2
a000000000000004|a000000000000002|childC|internal|unset||root|100||res2
a000000000000005|a000000000000001|childD|producer|unset||root|1100||res2
END
is($node->safe_psql('postgres', "SELECT count(*) FROM genops.tempo_trace('deadbeef')"), '0', 'no trace');
is($node->safe_psql('postgres', "SELECT scope_name, count(*), min(tag COLLATE \"C\") FROM genops.tempo_tags() GROUP BY 1 ORDER BY 1"),
	<<'END' =~ s/\n\z//r, 'tags');
event|3|exception.message
instrumentation|1|sc
intrinsic|25|duration
link|1|lk
resource|5|cloud.region
span|17|a/b-c
END
is($node->safe_psql('postgres', "SELECT * FROM genops.tempo_tag_values('.team')"),
	"string|resteam\nstring|platform\nstring|research\nstring|x\nstring|", 'values of a tag');
is($node->safe_psql('postgres', "SELECT * FROM genops.tempo_tag_values('name', '{ resource.service.name = \"backend\" }')"),
	"string|childD\nstring|childB\nstring|childC", 'of some spans');
is($node->safe_psql('postgres', 'SELECT genops.tempo_version()'), '', 'a version');

# Whom it is asked for
is(ask('DISTINCT tenant_id', '{ name = "childB" }', "tenant_id => 'other'"), 'other', 'a tenant by argument');
is($tempo->last_request->{headers}{'x-scope-orgid'}, 'other', 'is asked for');
is(ask('DISTINCT tenant_id IS NULL', '{ name = "childB" }', "tenant_id => 'a|b'"), 't', 'of two tenants it may be either');
is($tempo->last_request->{headers}{'x-scope-orgid'}, 'a|b', 'both are asked for');
ask('1', '{ name = "childB" }', "tenant_id => ''");
is($tempo->last_request->{headers}{'x-scope-orgid'}, undef, 'or none');
$node->safe_psql('postgres', "SET genops.tenant_id = 'mine'; SELECT genops_traceql(source => 'tempo', query => '{ name = \"childB\" }')");
is($tempo->last_request->{headers}{'x-scope-orgid'}, 'mine', 'or the session\'s');

# What is missing
sub warned { return ask(@_) =~ /WARNING:.*/s ? $& : ''; }

$tempo->set_mode({ partial => 'too many spans' });
is(warned('1', '{ name = "childB" }'),
	"WARNING:  the answer of Tempo is not complete\nDETAIL:  Tempo says: too many spans", 'a partial search');
like(warned('1', '{} | count() by (resource.service.name)'), qr/not complete/, 'partial metrics');
$tempo->set_mode;
is($node->psql('postgres', "DO \$\$ BEGIN PERFORM genops_traceql(source => 'tempo', query => '{ resource.service.name = \"backend\" }'); END \$\$"),
	0, 'a complete answer');
is(warned('1', '{ name = "childB" }'), '', 'warns of nothing');

my @traces = map { "{\"traceID\":\"$_\",\"spanSets\":[{\"matched\":$_,\"spans\":[{\"spanID\":\"1\"}]}]}" } 1 .. 3;
$tempo->set_mode(
	{ times => 1, code => 400, content_type => 'text/plain', body => 'limit 10000 exceeds max limit 3' },
	{ times => 1, code => 400, content_type => 'text/plain', body => 'spans per span set exceeds 1. received 100' },
	{ body => '{"traces":[' . join(',', @traces) . ']}' });
is(warned('1', '{ name = "childB" }'), <<'END' =~ s/\n\z//r, 'lower limits of a Tempo are found out, and told of');
WARNING:  the answer of Tempo may not be complete
DETAIL:  It has 3 traces, as many as Tempo was asked for.
HINT:  Ask for a shorter time range.
WARNING:  the answer of Tempo is not complete
DETAIL:  It has at most 1 spans of each spanset; 3 more matched.
END
like(asked(), qr/ limit=3 .* spss=1 /, 'and are asked for');
is(warned('1', '{ name = "childB" }', 'max_traces => 3, spans_per_trace => 1'), '', 'limits of the caller are no news');
$tempo->set_mode;

# In another encoding
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
$node->safe_psql('latin', "CREATE EXTENSION genops_tempo; SELECT genops_configure(endpoint => '@{[ $tempo->url ]}')");
$tempo->set_mode({ body => '{"traces":[{"traceID":"1","rootTraceName":"\\u00e4 \\u20ac","spanSets":[{"spans":[{"spanID":"1"}]}]}]}' });
is($node->safe_psql('latin', "SET client_encoding = 'UTF8'; SELECT root_name FROM genops_traceql(source => 'tempo', query => U&'{ name = \"\\00e4\" }')"),
	"\xC3\xA4 ?", 'answers come in the database\'s encoding');
is(Encode::encode('UTF-8', $tempo->last_request->{parameters}{q}), "{ name = `\xC3\xA4` } | $select", 'and questions go in UTF-8');
$tempo->set_mode({ code => 400, content_type => 'text/plain', body => "compiling query: \x{e4} \x{20ac}" });
$node->psql('latin', "SET client_encoding = 'UTF8'; SELECT genops_traceql(source => 'tempo', query => '{}')", stderr => \my $refused);
like($refused, qr/^DETAIL:  It answered HTTP 400: compiling query: \xC3\xA4 \?$/m, 'as do its refusals');
$tempo->set_mode;

# Who may
$node->safe_psql('postgres', <<'END');
CREATE ROLE nobody;
CREATE ROLE some_tenants;
CREATE ROLE all_tenants;
SELECT genops_grant('some_tenants', 'read', '{a,b}'), genops_grant('all_tenants', 'read');
END
sub refusal
{
	my ($role, $call) = @_;
	my (undef, undef, $said) = $node->psql('postgres', "SET ROLE $role; SELECT $call");

	$said =~ s/^psql:<stdin>:\d+: //mg;
	return $said;
}
sub asking { return "genops_traceql(source => 'tempo', query => '{}', tenant_id => $_[0])"; }
my $questions = $tempo->requests;

for ("genops_traceql('{}')", asking("'a'"), "genops_traceql_compare('{}')", 'genops_tags()', "genops_tags(source => 'tempo')", "genops_tag_values('.a')")
{
	like(refusal('nobody', $_), qr/\A\QERROR:  permission denied to read the ledger
HINT:  An administrator gives the right: SELECT genops_grant('nobody', 'read');\E$/m, "not everybody: $_");
}
is(refusal('nobody', 'genops.tempo_tags()'), 'ERROR:  permission denied for function tempo_tags', 'nor without a ledger');
for ('c', 'a|c', 'c|a', 'a|b|c', 'A', 'acme')
{
	is(refusal('some_tenants', asking("'$_'")), <<"END" =~ s/\n\z//r, "who may read others may not ask for $_");
ERROR:  permission denied for tenant "$_"
HINT:  Ask for a tenant that you may read: see genops.readable_tenants().
END
	like(refusal('some_tenants', "$_->[0]tenant_id => '$_->[1]')"), qr/permission denied for tenant/, "in any way: $_->[0]")
	  for map { [ $_, 'c' ] } "genops.tempo_trace('1', ", 'genops.tempo_tags(', "genops.tempo_tag_values('name', ";
}
like(refusal('some_tenants', asking('NULL')), qr/permission denied for tenant "acme"/, 'the configured one neither');
like(refusal('some_tenants', asking("''")), qr/permission denied to ask Tempo without a tenant/, 'nor none');
is($tempo->requests, $questions, 'and Tempo was not asked');

# Of the Tempo above anybody would see everything (064); there is another that knows tenants.
my $apart = GenopsTempo->start(multi_tenant => 1);
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $apart->url ]}')");
for ('a', 'b', 'a|b', 'b|a', 'a|a')
{
	is(refusal('some_tenants', asking("'$_'")), '', "it may ask for $_");
	is($apart->last_request->{headers}{'x-scope-orgid'}, $_, 'and asks for it');
}
is(refusal('some_tenants', "$_ tenant_id => 'a')"), '', "in any way: $_")
  for "genops.tempo_trace('1',", 'genops.tempo_tags(', "genops.tempo_tag_values('name',";
is(refusal('all_tenants', asking($_)), '', "who may read all asks for $_") for "'a'", 'NULL';

$node->stop('fast');
done_testing();
