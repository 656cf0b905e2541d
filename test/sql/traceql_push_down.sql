-- SPDX-License-Identifier: PostgreSQL
-- What genops_traceql decides by the ledger's columns is what the spans' bytes say.
--
-- Calls are recorded for tenant "own", where columns answer, and the very bytes are
-- ingested again for tenant "copy", where they do not.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT no_plan();

\o /dev/null
SET genops.tenant_id = 'own';
SET genops.service_name = 'Shop';
-- Amounts at and beside the queries' literals, tokens from none to many.
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => tokens, completion_tokens => answer, total_cost => cost, team => team,
	project => 'P', customer_id => customer, environment => 'production', started_at => at, duration => lasted,
	options => jsonb_build_object('cache_read_tokens', tokens, 'input_cost', cost))
FROM (VALUES
	(NULL::bigint, NULL::bigint, NULL::numeric, 'a', '1', timestamptz '2026-01-02 03:00:00Z', interval '1 second'),
	(0, NULL, 0, 'A', '10', '2026-01-02 03:00:00Z', '0'),
	(NULL, 0, 0.1, 'b', '9', '2026-01-02 03:00:01Z', '999 ms'),
	(10, 0, 0.3, 'ab', 'é', '2026-01-02 03:01:00Z', '1 microsecond'),
	(9, 1, 0.300000000001, 'B b', '日本', '2026-01-02 03:01:00.000001Z', '1.000001 s'),
	(11, 2147483647, 0.299999999999, '', '', '2026-01-02 03:01:30Z', '1 hour'),
	(2147483647, 2147483647, 1, 'quote'' " \ %', '0', '2026-01-02 03:02:00Z', '250 ms'),
	(1000, 500, 9000000, 'a', '1', '2026-01-02 03:02:59Z', '16 s'),
	(1, 2, 0.000000000001, 'z', 'Z', '2026-01-02 03:03:00Z', '2 s')) v (tokens, answer, cost, team, customer, at, lasted);
-- The other columns, and none of them.
SELECT genops_track(provider, model, operation => operation, name => name, status => status, error => error, service_name => service,
	environment => environment, cost_center => more, feature => more, user_id => more, started_at => '2026-01-02 03:01:10Z',
	duration => '3 s', attributes => '{"x": 1, "tag": ["a", "b"], "no": null, "name": "an attribute", "duration": 7}', options => options)
FROM (VALUES
	(NULL, NULL, NULL, 'a name', NULL, NULL, 'Shop', '', '', '{"kind": "internal"}'::jsonb),
	('anthropic', 'claude', 'chat', NULL, 'ok', NULL, 'other', 'staging', 'f', '{"kind": "server"}'),
	('Bedrock', NULL, 'embeddings', NULL, 'error', 'it broke', '', 'Production', 'F', '{"output_cost": 0.3, "cache_read_cost": 0.1, "cache_write_cost": 0}'),
	(NULL, 'gpt-4o', '', '', 'unset', NULL, NULL, NULL, 'é', '{"kind": "consumer", "reasoning_tokens": 10, "cache_write_tokens": 0}'),
	('p', repeat('m', 800), 'chat', NULL, NULL, NULL, NULL, NULL, NULL, '{"kind": "producer"}'),
	('', '', '', NULL, NULL, NULL, NULL, 'dev', 'chat gpt-4o', '{"currency": "EUR", "input_cost": 1.5}'))
	v (provider, model, operation, name, status, error, service, environment, more, options);
-- A trace of three.
WITH root AS MATERIALIZED (SELECT genops_track('openai', 'gpt-4o', started_at => '2026-01-02 03:00:30Z', duration => '1 s', team => 'a') AS traceparent)
SELECT genops_track('openai', 'gpt-4o-mini', traceparent => traceparent, started_at => '2026-01-02 03:00:30.1Z', duration => '1 ms', total_cost => cost, team => 'b')
FROM root, unnest('{0.1,0.3}'::numeric[]) cost;
SELECT genops_flush('stored');
RESET genops.tenant_id;
RESET genops.service_name;

-- A request of protobuf is its ResourceSpans, each behind its tag and length.
CREATE FUNCTION pg_temp.varint(number bigint) RETURNS bytea LANGUAGE sql AS $$
	SELECT CASE WHEN number < 128 THEN set_byte('\x00', 0, number::integer)
		ELSE set_byte('\x00', 0, (number % 128 + 128)::integer) || pg_temp.varint(number / 128) END
$$;
SELECT set_config('genops.tenant_id', 'copy', false);
SELECT genops_ingest_protobuf('\x0a'::bytea || pg_temp.varint(length(bytes)) || bytes) FROM genops.segment, genops_internal.segment_bytes(recorded_at, seq) bytes WHERE tenant_id = 'own';
SELECT genops_flush('stored');
\o

SELECT is((SELECT count(*) FROM genops.ledger_span WHERE exact AND tenant_id = 'own'), 18::bigint, 'columns answer for some');
SELECT is((SELECT count(*) FROM genops.ledger_span WHERE NOT exact AND tenant_id = 'copy'), 18::bigint, 'and bytes for the others');

-- The rows of an answer, in order.  Columns are added up exactly, bytes as doubles:
-- numeric has 15 digits of those.
CREATE FUNCTION pg_temp.answer(query text, tenant text, step interval DEFAULT NULL, traces integer DEFAULT NULL) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT array_agg(row(trace_id, span_id, root_name, labels, matched, time, value::numeric)::text) FROM genops_traceql(query, start_time => '2026-01-02 03:00:00Z',
		end_time => '2026-01-02 03:03:00Z', max_traces => traces, step => step, tenant_id => tenant));
EXCEPTION WHEN OTHERS THEN
	RETURN ARRAY[SQLSTATE, SQLERRM];
END $$;
CREATE FUNCTION pg_temp.differing(queries text[], step interval DEFAULT NULL, traces integer DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT query FROM unnest(queries) query
	WHERE pg_temp.answer(query, 'own', step, traces) IS DISTINCT FROM pg_temp.answer(query, 'copy', step, traces)
$$;
CREATE FUNCTION pg_temp.same(queries text[], name text) RETURNS text LANGUAGE sql AS $$
	SELECT is(string_agg(query, ' ; '), NULL, format('%s (%s queries)', name, cardinality(queries))) FROM pg_temp.differing(queries) query
$$;

-- Names of each column with its type, and the literals to compare with.
CREATE TEMP TABLE names (name text, type text);
INSERT INTO names SELECT name, 'text' FROM unnest('{.team,span.team,.project,.customer_id,.cost_center,.feature,.user_id,.genops.team,span.genops.project,
	.genops.customer_id,.genops.cost_center,.genops.feature,.genops.user_id,.genops.environment,.genops.provider,.genops.model,.gen_ai.request.model,
	.genops.operation.name,.gen_ai.operation.name,.gen_ai.provider.name,resource.service.name,.service.name,span.service.name,.deployment.environment,
	resource.deployment.environment,resource.deployment.environment.name,span.deployment.environment,resource.team,name,statusMessage,.name,.tag}'::text[]) name;
INSERT INTO names SELECT name, 'int' FROM unnest('{.genops.cost.prompt_tokens,.genops.tokens.input,.gen_ai.usage.input_tokens,.genops.cost.completion_tokens,
	.genops.tokens.output,.gen_ai.usage.output_tokens,span.genops.cost.total_tokens,.genops.tokens.total,.gen_ai.usage.cache_read.input_tokens,
	.gen_ai.usage.cache_write.input_tokens,.gen_ai.usage.reasoning.output_tokens,.x,.duration}'::text[]) name;
INSERT INTO names SELECT name, 'float' FROM unnest('{.genops.cost.total_cost,span.genops.cost.total,.cost,.genops.cost.input_cost,.genops.cost.output_cost,
	.genops.cost.cache_read_cost,.genops.cost.cache_write_cost}'::text[]) name;
INSERT INTO names VALUES ('duration', 'duration'), ('status', 'status'), ('kind', 'kind'), ('span:duration', 'duration'), ('span:status', 'status');

CREATE TEMP TABLE literals (literal text, type text);
INSERT INTO literals VALUES ('""', 'text'), ('"a"', 'text'), ('"A"', 'text'), ('"b"', 'text'), ('"10"', 'text'), ('"é"', 'text'), ('"F"', 'text'),
	('`quote'' " \ %`', 'text'), ('"gpt-4o"', 'text'), ('"chat gpt-4o"', 'text'), ('"Shop"', 'text'), ('"production"', 'text'), ('"a\x00b"', 'text'),
	('"\xff"', 'text'),
	('0', 'int'), ('10', 'int'), ('-1', 'int'), ('2147483647', 'int'), ('4294967294', 'int'), ('maxInt', 'int'), ('minInt', 'int'),
	('0.0', 'float'), ('0.1', 'float'), ('0.3', 'float'), ('1e-12', 'float'), ('10.0', 'float'), ('10.5', 'float'), ('9e6', 'float'), ('1e300', 'float'),
	('0ns', 'duration'), ('1s', 'duration'), ('999999us', 'duration'), ('1000001us', 'duration'), ('3s', 'duration'), ('1h', 'duration'),
	('true', 'boolean'), ('unset', 'status'), ('ok', 'status'), ('error', 'status'), ('server', 'kind'), ('client', 'kind'), ('unspecified', 'kind');

CREATE TEMP TABLE conditions AS
SELECT name, type, condition FROM (
	-- With what it can be
	SELECT name, type, format('%s %s %s', name, op, literal) AS condition, 1 AS kind
	FROM names JOIN literals USING (type), unnest('{=,!=,<,<=,>,>=}'::text[]) op
	WHERE (type IN ('text', 'int', 'float', 'duration') OR op IN ('=', '!='))
		-- Of a column's second name less will do.
		AND (name !~ '^(span\.|\.genops\.(team|project|customer_id|cost_center|feature|user_id)|resource\.|\.gen_ai\.)' OR literal IN ('""', '"a"', '"Shop"', '10', '0.3'))
	UNION ALL SELECT name, type, format('%s %s %s', literal, op, name), 2
	FROM names JOIN literals USING (type), unnest('{=,<,>=}'::text[]) op WHERE literal IN ('"a"', '10', '0.3', '1s') AND type NOT IN ('status', 'kind')
	-- With what it cannot
	UNION ALL SELECT name, n.type, format('%s %s %s', name, op, literal), 3
	FROM names n JOIN literals l ON n.type <> l.type, unnest('{=,!=,>}'::text[]) op
	WHERE literal IN ('"a"', '10', '1s', '10.5', 'true', 'error') AND (op <> '>' OR l.type NOT IN ('boolean', 'status'))
	UNION ALL SELECT name, type, format('%s %s nil', name, op), 4 FROM names, unnest('{=,!=}'::text[]) op
	UNION ALL SELECT name, type, format('%s %s "%s"', name, op, regex), 5 FROM names, unnest('{=~,!~}'::text[]) op, unnest('{a,.*,[A-Z].*,|é}'::text[]) regex WHERE type = 'text') c;

SELECT pg_temp.same(array_agg(format('{ %s }', condition)), name) FROM conditions GROUP BY name ORDER BY name;
SELECT pg_temp.same(array_agg(format('{ !(%s) }', condition)), 'not ' || type) FROM (SELECT *, row_number() OVER (ORDER BY condition COLLATE "C") AS n FROM conditions) c
WHERE n % 3 = 0 GROUP BY type ORDER BY type;

-- Combined: the same ones in every run.
CREATE TEMP TABLE picked AS
SELECT row_number() OVER (ORDER BY md5(condition)) AS n, condition FROM conditions WHERE type <> 'boolean';
CREATE TEMP TABLE combined AS
SELECT replace(replace(replace(shape, 'A', a.condition), 'B', b.condition), 'C', c.condition) AS condition, i.n
FROM generate_series(1, 200) i (n) JOIN picked a ON a.n = i.n * 3 JOIN picked b ON b.n = i.n * 3 + 1 JOIN picked c ON c.n = i.n * 3 + 2,
	LATERAL (SELECT (ARRAY['A && B', 'A || B', 'A || !(B)', '!(A && B)', '!(A || B) && C', 'A && (B || C)', '!(!(A) || B)', 'A || B || C', '!(A && !(B || C))'])[1 + i.n % 9]) s (shape)
WHERE a.condition || b.condition || c.condition !~ '[ABC]';
SELECT pg_temp.same(array_agg(format('{ %s }', condition)), 'combined') FROM combined;
SELECT pg_temp.same(array_agg(format('{ %s } | { %s }', a.condition, b.condition)), 'one behind the other') FROM combined a JOIN combined b ON b.n = a.n + 1 WHERE a.n % 3 = 0;
SELECT is(string_agg(query, ' ; '), NULL, 'the newest traces')
FROM pg_temp.differing((SELECT array_agg(format('{ %s }', condition)) FROM combined WHERE n % 2 = 0), traces => 2) query;

-- A bare attribute that is no boolean makes false also what stands beside it.
SELECT pg_temp.same(array_agg(format(shape, bare)), 'bare attributes')
FROM unnest('{.x,.team,.tag,span.nowhere,!.nowhere,-.x,.x + .x}'::text[]) bare,
	unnest(ARRAY['{ %s }', '{ %s || true }', '{ true || %s }', '{ %s && true }', '{ %s || name != "x" }', '{ !(%s || true) }', '{ .team = "a" && (%s || true) }',
		'{ %s || true } >> {}']) shape;

-- Of whole traces
SELECT pg_temp.same(array_agg(query), 'whole traces') FROM unnest(ARRAY[
	'{ .team = "a" } > { .team = "b" }', '{ .team = "a" } >> { .genops.cost.total_cost > 0.2 }', '{ .team = "b" } ~ { .cost = 0.3 }', '{ .team = "b" } < { .team = "a" }',
	'{ .team = "a" } &> { .cost > 0.05 }', '{ .team = "nobody" } !> { duration < 2s }', '{ .team = "a" } && { .team = "b" }', '{ .team = "a" } || { kind = server }',
	'{ .team = "a" } | count() > 0', '{} | by(.team) | count() >= 1', '{} | by(resource.service.name) | avg(.genops.cost.total_cost) > 0.1',
	'{} | sum(.genops.cost.total_tokens) > 10', '{} | max(duration) > 1s', '{ rootName = "chat gpt-4o" && .cost > 0 }', '{ nestedSetParent < 0 && .team = "a" }',
	'{ traceDuration > 1s && .team = "a" }', '{ .team = "a" } | select(.cost)']) query;

-- Metrics
CREATE TEMP TABLE functions AS
SELECT format('%s_over_time(%s)', function, name) AS call FROM names, unnest('{sum,min,max,avg,histogram}'::text[]) function
UNION ALL SELECT format('quantile_over_time(%s, 0, 0.5, 0.9, 1)', name) FROM names
UNION ALL VALUES ('rate()'), ('count_over_time()');
CREATE FUNCTION pg_temp.same_series(queries text[], what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((SELECT string_agg(query, ' ; ') FROM pg_temp.differing(queries, step) query), NULL, format('%s, step %s (%s queries)', what, step, cardinality(queries)))
	FROM unnest('{0,20 seconds}'::interval[]) step
$$;
SELECT pg_temp.same_series(array_agg('{} | ' || call), 'functions') FROM functions;
SELECT pg_temp.same_series(array_agg(format('{} | count_over_time() by (%s)', name)), 'groups') FROM names;
SELECT pg_temp.same_series(array_agg(format('{} | %s by (%s, %s)', call, a.name, b.name)), 'groups of two')
FROM (SELECT *, row_number() OVER (ORDER BY md5(name)) AS n FROM names) a JOIN (SELECT *, row_number() OVER (ORDER BY md5(name)) AS n FROM names) b ON b.n = a.n + 1,
	unnest(ARRAY['rate()', 'sum_over_time(.genops.cost.total_cost)', 'max_over_time(duration)', 'quantile_over_time(.genops.cost.total_tokens, 0.5)']) call
WHERE a.name <> b.name;
SELECT pg_temp.same_series(array_agg(format('{ %s } | %s', condition, call)), 'of some spans')
FROM combined, unnest(ARRAY['count_over_time() by (name)', 'avg_over_time(.cost) by (status, kind)']) call WHERE n % 3 = 0;
SELECT pg_temp.same_series(ARRAY['({ status = error } | rate()) / ({} | rate())', '{} | rate() by (.team) | topk(2)', '{} | sum_over_time(.cost) by (.team) > 0.2',
	'{ .cost != nil } | sum_over_time(.cost) by (.team, .genops.model)', '{} | compare({ status = error })', '{} | count() > 1 | rate()',
	'({} | max_over_time(duration) by (.team)) - ({} | min_over_time(duration) by (.team))', '{} | rate() by (rootName)'], 'and so on');

-- A configured resource can have the same names: then columns do not tell.
\o /dev/null
SELECT * FROM genops_configure(resource_attributes => '{"team": "resource", "cost": 7, "genops.model": "resource"}');
SELECT genops_track('openai', NULL, tenant_id => 'configured', started_at => '2026-01-02 03:02:00Z');
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'configured', started_at => '2026-01-02 03:02:01Z', team => 'span', total_cost => 1);
SELECT genops_flush('stored');
\o
SELECT is(cardinality(pg_temp.answer(query, 'configured')), expected, query)
FROM (VALUES ('{ .team = "resource" }', 1), ('{ .team = "span" }', 1), ('{ span.team = nil }', 1), ('{ resource.team = "resource" }', 2), ('{ .cost = 7 }', 1),
	('{ .cost = 1.0 }', 1), ('{ .genops.model = "resource" }', 1), ('{} | count() by (.team)', 2)) v (query, expected);

SELECT * FROM finish();
