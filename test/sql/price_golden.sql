-- SPDX-License-Identifier: PostgreSQL
-- Replies with what they cost, to the last digit, through the library in the server: the cases
-- of test/core/data/golden_costs.jsonl as jsonb, json and text, and by genops_price_for().
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET TimeZone = 'Asia/Kolkata';

\set cases `cat test/core/data/golden_costs.jsonl`
CREATE TEMP TABLE golden AS
	SELECT c ->> 'id' AS id, c ->> 'provider' AS provider, c ->> 'model_arg' AS model,
		c ->> 'operation' AS operation, (c ->> 'at')::timestamptz AS at, c -> 'response' AS response,
		jsonb_strip_nulls(coalesce(nullif(c -> 'options', 'null'), '{}')
			|| jsonb_build_object('headers', c -> 'headers')) AS options,
		c -> 'expect' AS expect
	FROM (SELECT line::jsonb AS c FROM regexp_split_to_table(:'cases', E'\n') line WHERE line <> '') lines;

-- The amounts of the cases are texts.
CREATE FUNCTION pg_temp.amounts(o jsonb) RETURNS jsonb LANGUAGE sql AS
	$$ SELECT jsonb_object_agg(key, value::numeric) FROM jsonb_each_text(o) $$;
CREATE FUNCTION pg_temp.expected(e jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('model', e -> 'model', 'usage', e -> 'usage',
		'cost_parts', CASE WHEN e -> 'cost_parts' <> 'null' THEN pg_temp.amounts(e -> 'cost_parts') END,
		'total_cost', (e ->> 'total_cost')::numeric, 'currency', e -> 'currency',
		'cost_source', e -> 'cost_source', 'flags', e -> 'flags'))
$$;
CREATE FUNCTION pg_temp.priced(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('model', p -> 'model', 'usage', p -> 'usage',
		'cost_parts', p -> 'cost_parts', 'total_cost', p -> 'total_cost', 'currency', p -> 'currency',
		'cost_source', p -> 'cost_source', 'flags', p -> 'flags'))
$$;

SELECT plan((4 * count(*) + 4 + count(*) FILTER (WHERE expect ->> 'price_row' IS NOT NULL))::int) FROM golden;

SELECT is(pg_temp.priced(genops_internal.price_reply(provider, model, operation, response, at, options)),
	pg_temp.expected(expect), id || ' as jsonb') FROM golden;
SELECT is(pg_temp.priced(genops_internal.price_reply(provider, model, operation, response::json, at, options)),
	pg_temp.expected(expect), id || ' as json') FROM golden;
SELECT is(pg_temp.priced(genops_internal.price_reply(provider, model, operation, response::text, at, options)),
	pg_temp.expected(expect), id || ' as text') FROM golden;

-- The price has the id that the call has, and no flag or cost of a case needs the right to
-- charge but where the tier is the caller's word.
SELECT is((SELECT p.price_id FROM genops_price_for(provider, expect ->> 'model', at,
		options - 'headers' || jsonb_build_object('prompt_tokens', expect #> '{usage,input_total}')
			|| jsonb_build_object('service_tier', coalesce(response #> '{usage,service_tier}',
				response -> 'service_tier', options -> 'service_tier'))) p)::text,
	genops_internal.price_reply(provider, model, operation, response, at, options) ->> 'price_id',
	id || ' by genops_price_for') FROM golden WHERE expect ->> 'price_row' IS NOT NULL;
SELECT is(genops_internal.price_reply(provider, model, operation, response, at, options, false) -> 'flags' ? 'needs_charge',
	coalesce(options ->> 'service_tier' = 'batch', false),
	id || ' without the right to charge') FROM golden;

-- What is too large or too deep, or has no shape.
SELECT is(genops_internal.price_reply('openai', 'gpt-4o', 'chat',
	jsonb_build_object('choices', '[]'::jsonb, 'usage', '{"prompt_tokens": 1, "completion_tokens": 1}'::jsonb,
		'x', repeat('x', 10000000)), now()) -> 'flags', '["no_usage"]', '10 MB of jsonb');
SELECT is(genops_internal.price_reply('openai', 'gpt-4o', 'chat',
	('{"choices":[],"usage":{"prompt_tokens":1},"x":"' || repeat('x', 10000000) || '"}'), now()) -> 'flags',
	'["no_usage"]', '10 MB of text');
SELECT is(genops_internal.price_reply('openai', 'gpt-4o', 'chat',
	'{"choices":[],"usage":{"prompt_tokens":1},"x":' || repeat('[', 5000) || repeat(']', 5000) || '}', now())
	-> 'flags', '["no_usage"]', '5,000 levels of text');
SELECT is(genops_internal.price_reply('openai', 'gpt-4o', 'chat',
	('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1},"x":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb,
	now()) ->> 'cost_source', 'price_table', '5,000 levels of jsonb, which are not looked at');
SELECT * FROM finish();
