-- SPDX-License-Identifier: PostgreSQL
-- genops_track: what a span carries, types and attribution.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(45);

\o /dev/null
SELECT set_config('genops.project', 'record_track ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS
	SELECT * FROM genops.spans WHERE project = current_setting('genops.project');

CREATE TEMP TABLE returned AS
SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 300,
	total_cost => 0.0125, team => 'support', customer_id => 42, cost_center => 'cc-7',
	environment => 'production', feature => 'all', user_id => 'ann', service_name => 'shop',
	duration => '820 ms',
	options => '{"cache_read_tokens": 100, "reasoning_tokens": 20, "input_cost": 0.01, "output_cost": 0.0025,
		"response_id": "chatcmpl-1", "response_model": "gpt-4o-2024-08-06", "finish_reasons": ["stop", "length"]}') AS call;

-- Types that print as a customer.
SELECT genops_track('p', 'm', feature => 'bigint', customer_id => 9007199254740993::bigint, total_cost => 0.1::float8)
UNION ALL SELECT genops_track('p', 'm', feature => 'uuid', customer_id => '5f3c7a3e-3f6e-4d6c-9a5e-111111111111'::uuid, total_cost => '1e-7'::float8)
UNION ALL SELECT genops_track('p', 'm', feature => 'date', customer_id => 'acme'::char(10), total_cost => 12)
UNION ALL SELECT genops_track('p', 'm', feature => 'varchar', customer_id => 'x'::varchar, total_cost => 0)
UNION ALL SELECT genops_track('p', 'm', feature => 'text', customer_id => 'literal', total_cost => '0.000000000001')
\g /dev/null

-- Settings, '' and NULL.
SET genops.team = 'from session';
SET genops.environment = 'staging';
SELECT genops_track('p', 'm', feature => 'inherits')
UNION ALL SELECT genops_track('p', 'm', feature => 'none', team => '')
UNION ALL SELECT genops_track('p', 'm', feature => 'argument', team => 'argument')
\g /dev/null
SET genops.team = '';
SELECT genops_track('p', 'm', feature => 'empty setting')
UNION ALL SELECT genops_track(NULL, NULL, operation => 'invoke_workflow', name => 'rag', feature => 'workflow',
	options => '{"kind": "internal"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'tokens only', prompt_tokens => 0)
UNION ALL SELECT genops_track('p', 'm', feature => 'times', started_at => '2026-01-02 03:04:05.000006Z', duration => '1.5 s')
UNION ALL SELECT genops_track('p', 'm', feature => 'ended_at', duration => '1 s', options => '{"ended_at": "2026-01-02T03:04:06Z"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'error', error => 'openai.RateLimitError: Rate limit reached')
UNION ALL SELECT genops_track('p', 'm', feature => 'error_type', status => 'error', options => '{"error_type": "429"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'untyped error', error => 'it did not work: at all')
UNION ALL SELECT genops_track('p', 'm', feature => 'ok', status => 'ok')
UNION ALL SELECT genops_track('p', 'm', feature => 'euro', total_cost => 1.5, options => '{"currency": "EUR"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'sum of parts', options => '{"input_cost": 0.1, "output_cost": "0.2"}')
\g /dev/null

-- A reply that is reported twice.
SELECT genops_track('p', 'm', feature => 'first', prompt_tokens => 5, total_cost => 3, response => '{"id": "msg_013Zva2CMHLNnXjNJJKqJ2EF"}'::jsonb) \g /dev/null
SELECT genops_track('p', 'm', feature => 'second', prompt_tokens => 5, total_cost => 3, response => '{"id": "msg_013Zva2CMHLNnXjNJJKqJ2EF"}'::jsonb) \g /dev/null
SELECT genops_track('p', 'm', feature => 'other', prompt_tokens => 6, total_cost => 3, response => '{"id": "msg_1"}') \g /dev/null
SELECT matches((SELECT call FROM returned), '^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$', 'returns a traceparent');


SELECT genops_flush('stored') \g /dev/null

SELECT is((SELECT call FROM returned) ~ ('^00-' || trace_id || '-' || span_id || '-'), true, 'which is the span''s')
FROM mine WHERE feature = 'all';
SELECT is(name, 'chat gpt-4o', 'the name is operation and model') FROM mine WHERE feature = 'all';
SELECT is(kind, 'client', 'the kind is client') FROM mine WHERE feature = 'all';
SELECT is(status, 'unset', 'success is unset') FROM mine WHERE feature = 'all';
SELECT is(duration, interval '820 ms', 'duration') FROM mine WHERE feature = 'all';
SELECT ok(end_time BETWEEN now() - interval '1 hour' AND clock_timestamp(), 'and ends now') FROM mine WHERE feature = 'all';
SELECT ok(parent_span_id IS NULL, 'is a root') FROM mine WHERE feature = 'all';
SELECT is(total_cost, 0.0125, 'exact cost') FROM mine WHERE feature = 'all';
SELECT is(row(team, customer_id, cost_center, environment, user_id, service_name, provider, model, operation)::text,
	'(support,42,cc-7,production,ann,shop,openai,gpt-4o,chat)', 'attribution') FROM mine WHERE feature = 'all';
SELECT is(row(prompt_tokens, completion_tokens, cache_read_tokens, reasoning_tokens)::text, '(1200,300,100,20)', 'tokens')
FROM mine WHERE feature = 'all';
SELECT is(attributes - '{project,genops.project}'::text[], '{
	"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
	"gen_ai.response.id": "chatcmpl-1", "gen_ai.response.model": "gpt-4o-2024-08-06",
	"gen_ai.response.finish_reasons": ["stop", "length"],
	"gen_ai.usage.input_tokens": 1200, "gen_ai.usage.output_tokens": 300,
	"gen_ai.usage.cache_read.input_tokens": 100, "gen_ai.usage.reasoning.output_tokens": 20,
	"genops.operation.name": "chat", "genops.operation.type": "ai.inference",
	"genops.provider": "openai", "genops.model": "gpt-4o",
	"genops.cost.total_cost": 0.0125, "genops.cost.total": 0.0125, "cost": 0.0125,
	"genops.cost.input_cost": 0.01, "genops.cost.output_cost": 0.0025,
	"genops.cost.currency": "USD", "genops.cost.source": "caller",
	"genops.cost.prompt_tokens": 1200, "genops.cost.completion_tokens": 300, "genops.cost.total_tokens": 1500,
	"genops.tokens.input": 1200, "genops.tokens.output": 300, "genops.tokens.total": 1500,
	"team": "support", "genops.team": "support", "customer_id": "42", "genops.customer_id": "42",
	"cost_center": "cc-7", "genops.cost_center": "cc-7", "feature": "all", "genops.feature": "all",
	"user_id": "ann", "genops.user_id": "ann", "genops.environment": "production"}'::jsonb,
	'the attributes, both vocabularies') FROM mine WHERE feature = 'all';

SELECT ok(customer_id = '9007199254740993' AND total_cost = 0.1, 'bigint and float8') FROM mine WHERE feature = 'bigint';
SELECT is(customer_id, '5f3c7a3e-3f6e-4d6c-9a5e-111111111111', 'uuid') FROM mine WHERE feature = 'uuid';
SELECT is(total_cost, 0.0000001, 'a float8 in scientific notation') FROM mine WHERE feature = 'uuid';
SELECT is(customer_id, 'acme', 'char(n) as ::text has it') FROM mine WHERE feature = 'date';
SELECT is(total_cost, 12.0, 'a whole cost') FROM mine WHERE feature = 'date';
SELECT is(total_cost, 0.0, 'a cost of 0 is a cost') FROM mine WHERE feature = 'varchar';
SELECT is(attributes -> 'genops.cost.source', '"caller"', 'and said so') FROM mine WHERE feature = 'varchar';
SELECT is(total_cost, 0.000000000001, 'twelve decimals') FROM mine WHERE feature = 'text';

SELECT is(team, 'from session', 'NULL inherits from the session') FROM mine WHERE feature = 'inherits';
SELECT is(environment, 'staging', 'also the environment') FROM mine WHERE feature = 'inherits';
SELECT ok(team IS NULL AND NOT attributes ? 'team', 'an empty argument is none') FROM mine WHERE feature = 'none';
SELECT is(team, 'argument', 'an argument goes before the session') FROM mine WHERE feature = 'argument';
SELECT ok(team IS NULL, 'an empty setting is unset') FROM mine WHERE feature = 'empty setting';

SELECT is(row(name, kind, ai_call)::text, '(rag,internal,f)', 'a step of a workflow is no call that costs') FROM mine WHERE feature = 'workflow';
SELECT ok(NOT attributes ? 'genops.cost.total_cost', 'without a cost there is no cost attribute') FROM mine WHERE feature = 'tokens only';
SELECT is(attributes ->> 'genops.cost.source', 'unpriced', 'but the word unpriced') FROM mine WHERE feature = 'tokens only';
SELECT is(prompt_tokens::bigint, 0::bigint, '0 tokens are known tokens') FROM mine WHERE feature = 'tokens only';
SELECT ok(NOT attributes ? 'genops.cost.completion_tokens', 'unknown ones are left out') FROM mine WHERE feature = 'tokens only';

SELECT is(start_time, timestamptz '2026-01-02 03:04:05.000006Z', 'started_at') FROM mine WHERE feature = 'times';
SELECT is(end_time, timestamptz '2026-01-02 03:04:06.500006Z', 'and duration') FROM mine WHERE feature = 'times';
SELECT is(start_time, timestamptz '2026-01-02 03:04:05Z', 'ended_at less duration') FROM mine WHERE feature = 'ended_at';

SELECT is(row(status, status_message)::text, '(error,"openai.RateLimitError: Rate limit reached")', 'an error implies the status') FROM mine WHERE feature = 'error';
SELECT is(attributes ->> 'error.type', 'openai.RateLimitError', 'the class is the type') FROM mine WHERE feature = 'error';
SELECT is(attributes ->> 'exception.message', 'openai.RateLimitError: Rate limit reached', 'the message is on the span') FROM mine WHERE feature = 'error';
SELECT is(events -> 0 ->> 'name', 'exception', 'and in an event') FROM mine WHERE feature = 'error';
SELECT is(attributes ->> 'error.type', '429', 'error_type') FROM mine WHERE feature = 'error_type';
SELECT is(attributes ->> 'error.type', '_OTHER', 'a message is no type') FROM mine WHERE feature = 'untyped error';
SELECT is(status, 'ok', 'status ok') FROM mine WHERE feature = 'ok';

SELECT ok(total_cost = 1.5 AND currency = 'EUR', 'another currency') FROM mine WHERE feature = 'euro';
SELECT is(total_cost, 0.3, 'parts without a total are added') FROM mine WHERE feature = 'sum of parts';

SELECT is(string_agg(feature || ' ' || coalesce(total_cost::numeric(3, 1)::text, '-') || ' ' || ai_call, ', ' ORDER BY feature),
	'first 3.0 true, other 3.0 true, second - false', 'a reply is charged once')
FROM mine WHERE feature IN ('first', 'second', 'other');
SELECT is(attributes -> 'genops.duplicate', 'true', 'the second is marked') FROM mine WHERE feature = 'second';
SELECT is(count(*), 23::bigint, 'nothing else was recorded') FROM mine;
SELECT * FROM finish();
