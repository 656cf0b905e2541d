-- SPDX-License-Identifier: PostgreSQL
-- genops_load_prices: what a file adds, changes and may not, in both formats.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(30);

CREATE FUNCTION pg_temp.load(prices text, confirm boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat_ws(' ', action, provider || '/' || model, field, old, new, reason), E'\n'), 'nothing')
	FROM genops_load_prices(prices, 'test', confirm) WHERE action <> 'missing'
$$;
CREATE FUNCTION pg_temp.rates(model text, at timestamptz DEFAULT now(), options jsonb DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$ SELECT rates::text FROM genops_price_for('acme', model, at, options) $$;

SELECT is(pg_temp.load(E'provider,model,input,output,cache_read\nacme,m,1,4,0.1\nacme,n,2,,\n'),
	E'added acme/m\nadded acme/n', 'new models are added');
SELECT is(pg_temp.rates('m', '2020-01-01'), '{"input": 1, "output": 4, "cache_read": 0.1}', 'and hold since ever');
SELECT is(pg_temp.load(E'provider,model,input,output\nacme,m,1,4\nacme,n,2.0000001,\n'), 'nothing', 'the same again changes nothing');

-- Up to 30 percent; what the file does not say stays, and history does.
BEGIN;
SELECT is(pg_temp.load(E'provider,model,input\nacme,m,1.2\n'), 'changed acme/m input 1 1.2', 'a small change is made');
SELECT is(pg_temp.rates('m'), '{"input": 1.2, "output": 4, "cache_read": 0.1}', 'from now on');
SELECT is(pg_temp.rates('m', now() - interval '1 microsecond'), '{"input": 1, "output": 4, "cache_read": 0.1}', 'and not before');
SELECT is(pg_temp.load(E'provider,model,input\nacme,m,1.1\n'), 'changed acme/m input 1.2 1.1', 'changed again in the same moment');
SELECT is(count(*), 2::bigint, 'which is the same row') FROM genops.price WHERE provider = 'acme' AND model = 'm';
ROLLBACK;

-- More.
SELECT is(pg_temp.load(E'provider,model,input,output\nacme,m,1000,2\nacme,n,2.1,\n'),
	E'unconfirmed acme/m input 1 1000 1000 times the old price; confirm => true applies it\n'
	|| E'unconfirmed acme/m output 4 2 50% of the old price; confirm => true applies it\n'
	|| 'changed acme/n input 2 2.1', 'a large change is not made without a word');
SELECT is(pg_temp.rates('m'), '{"input": 1, "output": 4, "cache_read": 0.1}', 'and nothing of it');
SELECT is(pg_temp.load(E'provider,model,input,output\nacme,m,3,4\n', true), 'changed acme/m input 1 3 3 times the old price',
	'with confirm it is, and told');
SELECT is(pg_temp.rates('m'), '{"input": 3, "output": 4, "cache_read": 0.1}', 'it holds');

-- Nonsense, with line and reason; the rest goes on.
SELECT is(pg_temp.load(E'provider,model,valid_from,valid_to,input\nacme,a,,,-1\nacme,b,,,NaN\nacme,c,,,1\nacme,c,,,2\n'
	|| E'acme,d,2026-01-01,2026-03-01,1\nacme,d,2026-02-01,,2\nacme,e,soon,,1\n"acme","f, g",,,5\n', true),
	E'refused acme/a line 2: input: price "-1" is negative\n'
	|| E'refused acme/b line 3: input: price "NaN" is not a finite number\n'
	|| E'added acme/c\n'
	|| E'refused acme/c line 5: the same model, tier, window and date was there before\n'
	|| E'refused acme/d line 6: it overlaps with the next row of the same model\n'
	|| E'added acme/d\n'
	|| E'refused acme/e line 8: valid_from must be a day, like 2026-11-20, or 2026-11-20T12:00:00Z\n'
	|| 'added acme/f, g', 'nonsense is refused row by row');
SELECT throws_ok('SELECT genops_load_prices(E''provider,model,price\nacme,m,1\n'')', '22P02',
	'line 1: there is no column "price"', 'a file of something else');
SELECT throws_ok('SELECT genops_load_prices(''{"x":'')', '22P02', NULL, 'JSON that is none');
SELECT throws_ok('SELECT genops_load_prices('''')', '22P02', 'the file is empty', 'an empty file');

-- A row of a user's stands, and a shipped one gets a successor.
INSERT INTO genops.price (provider, model, input) VALUES ('openai', 'gpt-4o', 9);
\set litellm `printf '%s' '{"sample_spec":{"litellm_provider":"x","mode":"chat"},"gpt-4o":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":2.4e-06,"output_cost_per_token":1e-05},"gpt-4o-mini":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1.5e-07,"output_cost_per_token":6.6e-07,"input_cost_per_token_priority":2.5e-07,"output_cost_per_token_priority":1e-06},"bedrock/amazon.nova-pro-v1:0":{"litellm_provider":"bedrock_converse","mode":"chat","input_cost_per_token":8e-07,"output_cost_per_token":3.2e-06},"free-one":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":0,"output_cost_per_token":0},"gpt-9":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1e-3,"output_cost_per_token":0.2}}'`
SELECT is(pg_temp.load(:'litellm'),
	E'changed openai/gpt-4o input 2.5 2.4\nchanged openai/gpt-4o-mini output 0.6 0.66\nadded openai/gpt-4o-mini\n'
	|| E'refused openai/free-one a price of zero mostly means that it is not known; add a row of your own if it is meant\n'
	|| 'refused openai/gpt-9 output must be from 0 to 100,000 for a million tokens', 'LiteLLM''s file as it is');
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4o')), '9', 'the user''s row stands');
SELECT is((SELECT rates::text FROM genops_price_for('openai', 'gpt-4o-mini')),
	'{"input": 0.15, "output": 0.66, "cache_read": 0.075}', 'a shipped row''s other rates are kept');
SELECT is((SELECT rates::text FROM genops_price_for('openai', 'gpt-4o-mini', options => '{"service_tier": "priority"}')),
	'{"input": 0.25, "output": 1}', 'a tier of its own');
SELECT is((SELECT rates ->> 'batch_input' FROM genops_price_for('openai', 'gpt-4o-mini', options => '{"service_tier": "batch"}')), NULL, 'effective rates only');
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4o-mini', options => '{"service_tier": "batch"}')), '0.075', 'batches still have theirs');

\set file '{"as-json": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}'
-- What a file no longer has stays, and is told.
SELECT is((SELECT reason FROM genops_load_prices(:'litellm') WHERE action = 'missing' AND model = 'gpt-4'),
	'it is not in the new file; its price stays', 'what is missing is told');
SELECT is((SELECT count(*) FROM genops_load_prices(:'litellm') WHERE action = 'missing' AND provider = 'anthropic'),
	0::bigint, 'but for providers that the file does not have');
SELECT is((SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4')), '30', 'and nothing is deleted');
SELECT is((SELECT string_agg(action || ' ' || coalesce(model, '-'), ', ' ORDER BY action, model)
	FROM genops_load_prices(E'provider,model,input\n,x,1\nacme,first,1\n')), 'added first, missing c, missing d, missing f, g, missing m, missing n, refused x',
	'also beside a row without a provider');

-- Of whatever type the file is.
SELECT is((SELECT string_agg(action || ' ' || model, ', ') FROM genops_load_prices(:'file'::jsonb) WHERE action <> 'missing'), 'added as-json', 'jsonb');
SELECT is((SELECT string_agg(action || ' ' || model, ', ') FROM genops_load_prices(:'file'::json) WHERE action <> 'missing'), NULL, 'json');
SELECT is((SELECT string_agg(action || ' ' || model, ', ') FROM genops_load_prices(:'file'::varchar) WHERE action <> 'missing'), NULL, 'varchar');
PREPARE of_a_driver AS SELECT action FROM genops_load_prices($1) WHERE action <> 'missing';
SELECT is_empty(format('EXECUTE of_a_driver(%L)', :'file'), 'and a parameter without a type');
SELECT * FROM finish();
