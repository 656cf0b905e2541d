-- SPDX-License-Identifier: PostgreSQL
-- Calls are priced as they are recorded: the cases of test/core/data/golden_costs.jsonl by
-- genops_track, genops_begin and genops_end, and genops_observe.  A case whose time lies ahead is
-- in price_golden.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

\set cases `cat test/core/data/golden_costs.jsonl`
CREATE TEMP TABLE golden AS
	SELECT c ->> 'id' AS id, c ->> 'provider' AS provider, c ->> 'model_arg' AS model,
		c ->> 'operation' AS operation, (c ->> 'at')::timestamptz AS at, c -> 'response' AS response,
		jsonb_strip_nulls(coalesce(nullif(c -> 'options', 'null'), '{}')
			|| jsonb_build_object('headers', c -> 'headers')) AS options,
		c -> 'expect' AS expect
	FROM (SELECT line::jsonb AS c FROM regexp_split_to_table(:'cases', E'\n') line WHERE line <> '') lines
	WHERE (c ->> 'at')::timestamptz <= now();

CREATE FUNCTION pg_temp.expected(e jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('input', e #> '{usage,input_total}',
		'output', e #> '{usage,output_total}', 'cache_read', e #> '{usage,cache_read}',
		'cache_write', e #> '{usage,cache_write}', 'cache_write_1h', e #> '{usage,cache_write_1h}',
		'reasoning', e #> '{usage,reasoning}', 'input_cost', (e #>> '{cost_parts,input}')::numeric,
		'output_cost', (e #>> '{cost_parts,output}')::numeric,
		'cache_read_cost', (e #>> '{cost_parts,cache_read}')::numeric,
		'cache_write_cost', (e #>> '{cost_parts,cache_write}')::numeric,
		'total_cost', (e ->> 'total_cost')::numeric, 'currency', e -> 'currency',
		'cost_source', e -> 'cost_source', 'flags', coalesce(nullif(e -> 'flags', '[]'), 'null'),
		'model', CASE WHEN e ->> 'cost_source' <> 'none' THEN e -> 'model' END))
$$;
CREATE FUNCTION pg_temp.recorded(s genops.spans) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('input', s.prompt_tokens, 'output', s.completion_tokens,
		'cache_read', s.cache_read_tokens, 'cache_write', s.cache_write_tokens,
		'cache_write_1h', s.cache_write_1h_tokens, 'reasoning', s.reasoning_tokens,
		'input_cost', s.input_cost, 'output_cost', s.output_cost, 'cache_read_cost', s.cache_read_cost,
		'cache_write_cost', s.cache_write_cost, 'total_cost', s.total_cost, 'currency', s.currency,
		'cost_source', s.cost_source, 'flags', s.usage_flags,
		'model', CASE WHEN s.cost_source <> 'none' THEN coalesce(s.response_model, s.model) END))
$$;

SELECT plan((2 * count(*) + count(*) FILTER (WHERE at = '2026-11-28T12:00Z' AND options = '{}') + 11)::int) FROM golden;

SELECT genops_track(provider, model, operation, response => response, options => options, started_at => at,
	feature => 'track', user_id => id) FROM golden \g /dev/null
SELECT genops_track(provider, model, operation, response => response::text, options => options, started_at => at,
	feature => 'text', user_id => id, environment => 'text', call => id || ' as text') FROM golden \g /dev/null
SELECT genops_observe(genops_begin(provider, model, operation, feature => 'observe', user_id => id), response)
	FROM golden WHERE at = '2026-11-28T12:00Z' AND options = '{}' \g /dev/null
SELECT genops_flush('stored') \g /dev/null

SELECT is(pg_temp.recorded(s), pg_temp.expected(g.expect), g.id || ' by genops_track')
	FROM golden g LEFT JOIN genops.spans s ON s.user_id = g.id AND s.feature = 'track' ORDER BY g.id;
SELECT is(pg_temp.recorded(s), pg_temp.expected(g.expect), g.id || ' of a text')
	FROM golden g LEFT JOIN genops.spans s ON s.user_id = g.id AND s.feature = 'text' ORDER BY g.id;
SELECT is(pg_temp.recorded(s), pg_temp.expected(g.expect), g.id || ' by genops_observe')
	FROM golden g LEFT JOIN genops.spans s ON s.user_id = g.id AND s.feature = 'observe'
	WHERE g.at = '2026-11-28T12:00Z' AND g.options = '{}' ORDER BY g.id;

-- By tokens alone, by what the caller says of them, and by what it says of the cost.
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1000, completion_tokens => 100, feature => 'tokens');
SELECT genops_track('openai', 'gpt-4o', completion_tokens => 1000, feature => 'over',
	response => '{"id": "x", "choices": [], "model": "gpt-4o", "usage": {"prompt_tokens": 1000, "completion_tokens": 1}}'::jsonb);
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1000, completion_tokens => 100, total_cost => 7, feature => 'stated');
SELECT genops_track('openai', 'gpt-99', prompt_tokens => 1000, completion_tokens => 100, feature => 'unknown');
SELECT genops_end(genops_begin('anthropic', 'claude-opus-5-5', feature => 'failed'),
	response => '{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}'::jsonb);
SELECT genops_flush('stored') \g /dev/null
SELECT is(total_cost, 0.0035, 'by tokens alone') FROM genops.spans WHERE feature = 'tokens';
SELECT is(price_id, (SELECT price_id FROM genops_price_for('openai', 'gpt-4o')), 'with the price') FROM genops.spans WHERE feature = 'tokens';
SELECT is(total_cost, 0.0125, 'what is said goes over the reply') FROM genops.spans WHERE feature = 'over';
SELECT is(ROW(total_cost, cost_source), ROW(7.0::numeric, 'caller'::text), 'a stated cost stays') FROM genops.spans WHERE feature = 'stated';
SELECT is(ROW(total_cost, cost_source, usage_flags), ROW(NULL::numeric, 'unpriced'::text, ARRAY['unknown_model']), 'no price, no cost')
	FROM genops.spans WHERE feature = 'unknown';
SELECT is(calls, 1::bigint, 'and it is listed') FROM genops.unpriced WHERE model = 'gpt-99';
SELECT is(ROW(status, cost_source), ROW('error'::text, 'none'::text), 'an error body is a failed call') FROM genops.spans WHERE feature = 'failed';
SELECT is(attributes ->> 'error.type', 'overloaded_error', 'of the provider''s type') FROM genops.spans WHERE feature = 'failed';
-- Spans that others made: by their tokens, at their time, unless they say a cost.
SELECT accepted FROM genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object('scopeSpans',
	jsonb_build_array(jsonb_build_object('spans', (SELECT jsonb_agg(jsonb_build_object('traceId', md5(i::text),
		'spanId', substr(md5(i::text), 1, 16), 'name', 'chat', 'kind', 3,
		'startTimeUnixNano', '1780000000000000000', 'endTimeUnixNano', '1780000001000000000',
		'attributes', jsonb_build_array(
			jsonb_build_object('key', 'gen_ai.operation.name', 'value', '{"stringValue": "chat"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.provider.name', 'value', '{"stringValue": "openai"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.request.model', 'value', '{"stringValue": "gpt-4o"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.response.model', 'value', '{"stringValue": "gpt-4o-2024-08-06"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.usage.input_tokens', 'value', '{"intValue": "2006"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.usage.output_tokens', 'value', '{"intValue": "300"}'::jsonb),
			jsonb_build_object('key', 'gen_ai.usage.cache_read.input_tokens', 'value', '{"intValue": "1920"}'::jsonb),
			jsonb_build_object('key', 'feature', 'value', jsonb_build_object('stringValue', 'ingested ' || i)))
		|| CASE i WHEN 2 THEN '[{"key": "genops.cost.total_cost", "value": {"doubleValue": 0.5}}]'::jsonb ELSE '[]' END))
	FROM generate_series(1, 2) i))))))) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(ROW(total_cost, cache_read_cost, cost_source), ROW(0.005615, 0.0024, 'price_table'::text), 'an ingested span is priced')
	FROM genops.spans WHERE feature = 'ingested 1';
SELECT is(ROW(total_cost, cost_source), ROW(0.5, 'caller'::text), 'unless it says a cost') FROM genops.spans WHERE feature = 'ingested 2';
SELECT is(sum(total_cost), (SELECT sum(total_cost) FROM genops.spans WHERE ai_call), 'spend is the sum') FROM genops.spend;
SELECT * FROM finish();
