-- SPDX-License-Identifier: PostgreSQL
-- Spans of others: by whatever names they say what they used, they are counted once, as what
-- they are.
\set ON_ERROR_STOP on
SET client_min_messages = error;

SELECT gen_random_uuid() AS project \gset
CREATE TEMP TABLE own AS SELECT 'ingest_names ' || :'project' AS project;
CREATE FUNCTION pg_temp.value(v jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE jsonb_typeof(v) WHEN 'string' THEN jsonb_build_object('stringValue', v) WHEN 'boolean' THEN jsonb_build_object('boolValue', v)
		ELSE CASE WHEN v::text ~ '\.' THEN jsonb_build_object('doubleValue', v) ELSE jsonb_build_object('intValue', v::text) END END
$$;
CREATE FUNCTION pg_temp.span(name text, attributes jsonb, kind int DEFAULT 3, parent text DEFAULT NULL, trace text DEFAULT md5(random()::text)) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('traceId', trace, 'spanId', left(md5(name || random()), 16), 'name', name, 'kind', kind,
		'parentSpanId', parent, 'startTimeUnixNano', '1767323045000000000', 'endTimeUnixNano', '1767323046500000000', 'attributes',
		(SELECT jsonb_agg(jsonb_build_object('key', key, 'value', pg_temp.value(value))) FROM
			(SELECT key, value FROM jsonb_each(attributes) UNION ALL SELECT 'project', to_jsonb(project) FROM own) a)))
$$;
CREATE FUNCTION pg_temp.ingest(VARIADIC spans jsonb[]) RETURNS bigint LANGUAGE sql AS $$
	SELECT accepted FROM genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
		'scopeSpans', jsonb_build_array(jsonb_build_object('spans', to_jsonb(spans)))))))
$$;

-- What a span says, and: calls, provider, model, prompt and completion tokens, cost; of all, why not counted.
CREATE TEMP TABLE said (name text, attributes jsonb, kind int, expected text, reason text);
INSERT INTO said VALUES
	('gen_ai', '{"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 2}', 3, '(1,openai,gpt-4o,7,2,0.0000375)', NULL),
	('of 2024', '{"gen_ai.system": "anthropic", "gen_ai.request.model": "claude", "gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 2}', 3, '(1,anthropic,claude,7,2,)', NULL),
	('coding agent', '{"model": "claude-sonnet-4", "input_tokens": 3, "output_tokens": 9, "cache_creation_tokens": 12304, "cost_usd": 0.25}', 1, '(1,,claude-sonnet-4,12307,9,0.25)', NULL),
	('flat', '{"model": "m", "input_tokens": "7", "output_tokens": 2, "cost": 0.5}', 1, '(1,,m,7,2,0.5)', NULL),
	('flat without model', '{"input_tokens": 7, "output_tokens": 2, "cost": 0.5}', 1, '(1,,,7,2,0.5)', NULL),
	('vercel inner', '{"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat", "ai.usage.promptTokens": 7, "ai.usage.completionTokens": 2}', 1, '(1,openai,gpt-4o,7,2,0.0000375)', NULL),
	('vercel outer', '{"ai.operationId": "ai.generateText", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat", "ai.usage.promptTokens": 7, "ai.usage.completionTokens": 2}', 1, '(0,openai,gpt-4o,7,2,)', 'container'),
	('vercel embed', '{"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "e", "ai.usage.tokens": 8}', 1, '(1,,e,8,,)', NULL),
	('openinference llm', '{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.provider": "OpenAI", "llm.token_count.prompt": 7, "llm.token_count.completion": 2}', 1, '(1,openai,gpt-4o,7,2,0.0000375)', NULL),
	('openinference agent', '{"openinference.span.kind": "AGENT", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 7, "llm.token_count.completion": 2}', 1, '(0,,gpt-4o,7,2,)', 'container'),
	('openinference chain', '{"openinference.span.kind": "CHAIN", "llm.token_count.total": 9, "llm.cost.total": 0.5}', 1, '(0,,,9,,0.5)', 'container'),
	('openinference embedding', '{"openinference.span.kind": "EMBEDDING", "embedding.model_name": "e", "llm.token_count.total": 8}', 1, '(1,,e,8,,)', NULL),
	('traceloop workflow', '{"traceloop.span.kind": "workflow", "gen_ai.system": "openai", "gen_ai.usage.input_tokens": 7}', 1, '(0,openai,,7,,)', 'container'),
	('agent within', '{"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}', 1, '(0,openai,m,7,,)', 'container'),
	('agent elsewhere', '{"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}', 3, '(1,openai,m,7,,)', NULL),
	('cost and team', '{"genops.cost.total_cost": 0.5, "team": "a"}', 1, '(1,,,,,0.5)', NULL),
	('bare cost and team', '{"cost": 0.5, "team": "a"}', 1, '(1,,,,,0.5)', NULL),
	('a price of something', '{"model": "T", "color": "black"}', 1, '(0,,T,,,)', 'unclear'),
	('no usage', '{"gen_ai.request.model": "m", "gen_ai.system": "openai"}', 3, '(0,openai,m,,,)', 'unclear'),
	('cost total_cost', '{"gen_ai.cost.total_cost": 0.5, "gen_ai.request.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('operation.cost', '{"operation.cost": 0.5, "gen_ai.request.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('usage total_cost', '{"gen_ai.usage.total_cost": 0.5, "gen_ai.request.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('llm.usage', '{"llm.usage.total_cost": 0.5, "llm.request.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('total_usd', '{"genops.cost.total_usd": "0.5", "genops.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('parts', '{"gen_ai.usage.input_cost": 0.25, "gen_ai.usage.output_cost": 0.25, "gen_ai.request.model": "m"}', 3, '(1,,m,,,0.5)', NULL),
	('cached', '{"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cached_tokens": 4, "gen_ai.usage.cache_write_input_tokens": 5, "gen_ai.request.model": "m"}', 3, '(1,,m,10,,)', NULL),
	('total only', '{"gen_ai.usage.total_tokens": 8, "gen_ai.usage.input_tokens": 6, "gen_ai.request.model": "m"}', 3, '(1,,m,6,2,)', NULL),
	('a step', '{"http.request.method": "GET"}', 1, '(0,,,,,)', NULL);
SELECT plan(13 + 2 * (SELECT count(*)::int FROM said));
SELECT pg_temp.ingest(pg_temp.span(name, attributes, kind)) FROM said \g /dev/null

-- An agent and its call: counted once.
SELECT md5(random()::text) AS trace \gset
SELECT pg_temp.ingest(pg_temp.span('run', '{"openinference.span.kind": "AGENT", "llm.token_count.prompt": 5, "llm.token_count.completion": 2, "feature": "tree"}', 1, NULL, :'trace'),
	pg_temp.span('chain', '{"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 5, "llm.token_count.completion": 2, "feature": "tree"}', 1, NULL, :'trace'),
	pg_temp.span('call', '{"openinference.span.kind": "LLM", "llm.model_name": "m", "llm.token_count.prompt": 5, "llm.token_count.completion": 2, "feature": "tree"}', 1, NULL, :'trace')) \g /dev/null
-- The same by hand.
DO $$
DECLARE
	agent text := genops_begin('openai', 'm', 'invoke_agent', feature => 'by hand', options => '{"kind": "internal"}');
BEGIN
	PERFORM genops_end(genops_begin('openai', 'm', feature => 'by hand'), prompt_tokens => 5, completion_tokens => 2);
	PERFORM genops_end(agent, prompt_tokens => 5, completion_tokens => 2);
END
$$;
-- Who it is for.
SELECT pg_temp.ingest(pg_temp.span('numbers', '{"gen_ai.operation.name": "chat", "customer_id": 42, "user.id": 7, "team": 3.5, "cost_center": true, "genops.cost.total": 1.0}')) \g /dev/null
SELECT pg_temp.ingest(pg_temp.span('nested', '{"gen_ai.operation.name": "chat"}')) \g /dev/null
SELECT genops_configure(service_name => 'ours', environment => 'test') \g /dev/null
SELECT pg_temp.ingest(pg_temp.span('without service', '{"gen_ai.operation.name": "chat"}')) \g /dev/null
SELECT genops_track('openai', 'text-embedding-3-small', 'embeddings', feature => 'embedding', prompt_tokens => 8) \g /dev/null
SELECT genops_track(provider, 'm', feature => 'providers', prompt_tokens => 1) FROM unnest('{openai,OpenAI,openai.chat,open-ai,My Own}'::text[]) provider \g /dev/null
SELECT genops_flush('stored') \g /dev/null

CREATE TEMP VIEW mine AS SELECT s.* FROM genops.spans s JOIN own USING (project);
SELECT is(row(m.ai_call::int, m.provider, m.model, m.prompt_tokens, m.completion_tokens, m.total_cost)::text, expected, s.name || ': ' || s.attributes) FROM said s LEFT JOIN mine m USING (name);
SELECT is(u.reason, s.reason, s.name || ' is listed where it is not counted') FROM said s LEFT JOIN mine m USING (name) LEFT JOIN genops.uncounted u USING (span_id, trace_id);
SELECT is((SELECT sum(calls) || ' ' || sum(prompt_tokens + completion_tokens) FROM genops.spend JOIN own USING (project) WHERE feature = 'tree'), '1 7', 'a tree of an agent is one call');
SELECT is((SELECT sum(calls) || ' ' || sum(prompt_tokens + completion_tokens) FROM genops.spend WHERE feature = 'by hand'), '1 7', 'also by hand');
SELECT is(row(customer_id, user_id, team, cost_center)::text, '(42,7,3.5,true)', 'numbers become their text') FROM mine WHERE name = 'numbers';
SELECT is((SELECT sum(total_cost) FROM genops.spend JOIN own USING (project) WHERE customer_id = '42'), 1::numeric, 'and are charged to somebody');
SELECT is(row(service_name, environment)::text, '(,)', 'a default of ours is no fact of theirs') FROM mine WHERE name = 'without service';
SELECT is(service_name, '', 'TraceQL says the same') FROM (SELECT coalesce(service_name, '') AS service_name FROM genops_traceql('{ name = "without service" }', since => '1000 days')) t;
SELECT is(row(total_tokens, attributes -> 'genops.cost.total_tokens')::text, '(8,8)', 'an embedding''s total is what it has') FROM genops.spans WHERE feature = 'embedding';
SELECT is(sum(prompt_tokens) || ' ' || coalesce(sum(completion_tokens)::text, '-'), '8 -', 'and so is its spend') FROM genops.spend WHERE feature = 'embedding';
SELECT is(string_agg(provider || ' ' || calls, ', ' ORDER BY provider), 'my_own 1, openai 4', 'a provider is one, however it is written')
FROM (SELECT provider, sum(calls) AS calls FROM genops.spend WHERE feature = 'providers' GROUP BY provider) p;
SELECT is(row(cache_read_tokens, cache_write_tokens)::text, '(4,5)', 'tokens of the cache') FROM mine WHERE name = 'cached';

-- Corrections.
SELECT ok(genops_adjust(-0.5, 'imported twice', customer_id => 42, calls => -1) > 0, 'a correction has an id');
SELECT is(row(sum(total_cost), sum(calls))::text, '(0.5,0)', 'and counts') FROM genops.spend WHERE customer_id = '42';
SELECT throws_ok($$ SELECT genops_adjust('NaN', 'x') $$, '22023', NULL, 'one that is none');
SELECT * FROM finish();
