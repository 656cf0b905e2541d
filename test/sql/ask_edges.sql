-- SPDX-License-Identifier: PostgreSQL
-- What genops_traceql() and its kind make of arguments at the edges.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(15);

SELECT genops_track('openai', 'gpt-4o', team => 'of ' || coalesce(t, 'none'), tenant_id => t, name => 'first',
	traceparent => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
FROM unnest(ARRAY['acme', 'globex', NULL]) t \g /dev/null

-- An empty text is the tenant of spans without one.
SELECT results_eq($$SELECT attributes ->> 'team' FROM genops_traceql('{}', tenant_id => '')$$, $$VALUES ('of none')$$,
	'the spans without a tenant, by their columns');
SELECT results_eq($$SELECT attributes ->> 'team' FROM genops_traceql('{} | count() > 0', tenant_id => '')$$, $$VALUES ('of none')$$,
	'and by their bytes');
SELECT set_eq($$SELECT attributes ->> 'team' FROM genops_traceql('{}', tenant_id => '|acme')$$, $$VALUES ('of none'), ('of acme')$$,
	'they are one of several');
SELECT results_eq($$SELECT value FROM genops_tag_values('.team', tenant_id => '')$$, $$VALUES ('of none')$$, 'their values');
SELECT isnt_empty($$SELECT * FROM genops_tags('span', tenant_id => '')$$, 'and their attributes');

-- Steps.
SELECT throws_ok(format($$SELECT * FROM genops_traceql('{} | rate()', step => %L)$$, step), '22015', '"step" is out of range',
	'too long a step: ' || step)
FROM unnest('{200000 days,300000 days,2147483647 days 23:00}'::text[]) step;

-- Sources.
SELECT throws_ok(format('SELECT * FROM %s', call), '22023', 'invalid value for parameter "source": "tmpo"', 'no such source: ' || call)
FROM unnest(ARRAY[$$genops_tags(source => 'tmpo')$$, $$genops_tag_values('.team', source => 'tmpo')$$]) call;
SELECT throws_ok('SELECT * FROM genops_tag_values(NULL)', '22023', NULL, 'no tag');

-- Of several spans without a parent the last is the root, in whatever order they are read.
SELECT genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object('scopeSpans', jsonb_build_array(jsonb_build_object('spans',
	(SELECT jsonb_agg(jsonb_build_object('traceId', repeat('7', 32), 'spanId', lpad(i::text, 16, '0'), 'name', 'root ' || i,
		'startTimeUnixNano', nanoseconds, 'endTimeUnixNano', nanoseconds) ORDER BY i)
	FROM generate_series(1, 9) i, format('%s000000000', floor(extract(epoch FROM now()))) nanoseconds))))))) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
-- What is changed stands last in the table.
UPDATE genops.ledger_span SET seq = seq WHERE name = 'root 3';
SELECT results_eq($$SELECT DISTINCT root_name FROM genops_traceql('{ name =~ "root.*" }')$$, $$VALUES ('root 9')$$,
	'the root of spans that are found by themselves');
SELECT results_eq($$SELECT DISTINCT root_name FROM genops_traceql('{ name =~ "root.*" } | count() > 0')$$, $$VALUES ('root 9')$$,
	'is that of whole traces');

-- A limit changes which traces are returned, not what is said of them.
SELECT genops_track('openai', 'gpt-4o', name => 'in and out', started_at => now() - age, duration => '1s',
	traceparent => '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
FROM unnest('{1 hour,2 hours,6 hours}'::interval[]) age \g /dev/null
SELECT results_eq(format($$SELECT matched FROM genops_traceql('{ name = "in and out" }', since => '3 hours', max_traces => %L)$$, max_traces),
	'VALUES (2), (2)', 'what is out of range is not matched, at most traces: ' || coalesce(max_traces::text, 'all'))
FROM unnest('{NULL,5}'::integer[]) max_traces;

SELECT * FROM finish();
