-- SPDX-License-Identifier: PostgreSQL
-- One call is one call, whoever records it and how often.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(33);

\o /dev/null
SELECT set_config('genops.project', 'record_once ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS SELECT * FROM genops.spans WHERE project = current_setting('genops.project');
CREATE TEMP VIEW spent AS SELECT feature, sum(calls)::int AS calls, sum(errors)::int AS errors, sum(total_cost)::float AS cost
	FROM genops.spend WHERE project = current_setting('genops.project') GROUP BY feature;
CREATE FUNCTION pg_temp.reply(id text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('id', id, 'object', 'chat.completion') $$;
SELECT 'chatcmpl-' || gen_random_uuid() AS a, 'chatcmpl-' || gen_random_uuid() AS b, genops_traceparent() AS minted \gset

-- The same id of the call.
SELECT genops_track('p', 'm', feature => 'minted', call => :'minted', total_cost => 1) \g /dev/null
SELECT genops_track('p', 'm', feature => 'minted', call => :'minted', total_cost => 1) \g /dev/null
SELECT genops_track('p', 'm', feature => 'any text', call => 'job 42', total_cost => 1) FROM generate_series(1, 3) \g /dev/null
SELECT genops_track('q', 'm', feature => 'other provider', call => 'job 42', total_cost => 1) \g /dev/null
SELECT genops_track('p', 'm', feature => 'other tenant', call => 'job 42', total_cost => 1, tenant_id => 'acme') \g /dev/null
-- Attempts.
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', error => 'timeout') \g /dev/null
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', error => 'timeout') \g /dev/null
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', total_cost => 1, response => pg_temp.reply(:'a')) \g /dev/null
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', total_cost => 1, response => pg_temp.reply(:'b')) \g /dev/null
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', total_cost => 1, response => pg_temp.reply(:'a')) \g /dev/null
SELECT genops_track('p', 'm', feature => 'attempts', call => 'job 43', total_cost => 1) \g /dev/null
-- The same reply.
SELECT pg_temp.reply('chatcmpl-' || gen_random_uuid()) AS reply \gset
SELECT genops_observe(genops_begin('OpenAI', 'm', feature => 'observed, then tracked'), :'reply'::jsonb) \g /dev/null
SELECT genops_track('openai.chat', 'm-2', feature => 'observed, then tracked', response => :'reply'::jsonb, prompt_tokens => 3, total_cost => 1) \g /dev/null
SELECT genops_track('p', 'm', feature => 'short ids', total_cost => 1, response => pg_temp.reply('1')) FROM generate_series(1, 2) \g /dev/null
SELECT genops_track('p', 'm', feature => 'no id', total_cost => 1) FROM generate_series(1, 2) \g /dev/null

-- Spans.
CREATE FUNCTION pg_temp.request(trace text, span text, feature text, more jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object('scopeSpans', jsonb_build_array(jsonb_build_object('spans',
		jsonb_build_array(jsonb_build_object('traceId', trace, 'spanId', span, 'name', feature, 'kind', 3,
			'startTimeUnixNano', '1767323045000000000', 'endTimeUnixNano', '1767323046500000000',
			'attributes', more || jsonb_build_array(
				jsonb_build_object('key', 'gen_ai.operation.name', 'value', jsonb_build_object('stringValue', 'chat')),
				jsonb_build_object('key', 'gen_ai.provider.name', 'value', jsonb_build_object('stringValue', 'openai')),
				jsonb_build_object('key', 'genops.cost.total_cost', 'value', jsonb_build_object('doubleValue', 1)),
				jsonb_build_object('key', 'feature', 'value', jsonb_build_object('stringValue', feature)),
				jsonb_build_object('key', 'project', 'value', jsonb_build_object('stringValue', current_setting('genops.project')))))))))))
$$;
SELECT md5(random()::text) AS trace, left(md5(random()::text), 16) AS span, left(md5(random()::text), 16) AS other_span \gset
SELECT is(accepted, 1::bigint, 'a span that is delivered again is accepted again') FROM
	(SELECT genops_ingest(pg_temp.request(:'trace', :'span', 'ingested'))) a, genops_ingest(pg_temp.request(:'trace', :'span', 'ingested'));
SELECT genops_ingest(pg_temp.request(:'trace', :'other_span', 'ingested reply', jsonb_build_array(jsonb_build_object('key', 'gen_ai.response.id',
	'value', jsonb_build_object('stringValue', :'reply'::jsonb ->> 'id'))))) \g /dev/null

-- An agent's span often repeats the id of the reply that is in it.
SELECT 'chatcmpl-' || gen_random_uuid() AS inner_id, left(md5(random()::text), 16) AS agent_span, left(md5(random()::text), 16) AS chat_span \gset
SELECT genops_ingest(jsonb_build_object('resourceSpans', (SELECT jsonb_agg(r -> 'resourceSpans' -> 0) FROM (VALUES
	(1, replace(replace(pg_temp.request(:'trace', :'agent_span', 'in an agent', id)::text, '"kind": 3', '"kind": 1'), '"chat"', '"invoke_agent"')::jsonb),
	(2, pg_temp.request(:'trace', :'chat_span', 'in an agent', id))) v(i, r))))
FROM (SELECT jsonb_build_array(jsonb_build_object('key', 'gen_ai.response.id', 'value', jsonb_build_object('stringValue', :'inner_id'))) AS id) i \g /dev/null
SELECT genops_track('openai', 'm', 'invoke_agent', feature => 'tracked in an agent', options => jsonb_build_object('kind', 'internal', 'response_id', :'inner_id' || 'b')) \g /dev/null
SELECT genops_track('openai', 'm', feature => 'tracked in an agent', total_cost => 1, options => jsonb_build_object('response_id', :'inner_id' || 'b')) \g /dev/null

-- What it used is said later, and once.
SELECT pg_temp.reply('chatcmpl-' || gen_random_uuid()) AS later, pg_temp.reply('chatcmpl-' || gen_random_uuid()) AS ended \gset
SELECT genops_observe(genops_begin('p', 'm', feature => 'used later'), :'later'::jsonb) \g /dev/null
SELECT genops_track('p', 'm', feature => 'used later', response => :'later'::jsonb) \g /dev/null
SELECT genops_track('p', 'm', feature => 'used later', response => :'later'::jsonb, prompt_tokens => 3, total_cost => 1, call => 'job 50') FROM generate_series(1, 2) \g /dev/null
SELECT genops_track('p', 'm', feature => 'used later', prompt_tokens => 3, total_cost => 1, call => 'job 50') \g /dev/null
BEGIN;
SELECT genops_begin('p', 'm', feature => 'ended, supplemented') AS h \gset
SELECT genops_end(:'h', response => :'ended'::jsonb) \g /dev/null
SELECT genops_end(:'h', response => :'ended'::jsonb, prompt_tokens => 7) \g /dev/null
COMMIT;
SELECT genops_track('p', 'm', feature => 'short ids of a call', call => 'job 51', total_cost => 1, response => pg_temp.reply(id)) FROM (VALUES ('1'), ('2'), ('1'), ('2')) v(id) \g /dev/null

-- Rolled back, it was paid for; refused, it was not recorded.
BEGIN;
SELECT genops_track('p', 'm', feature => 'rolled back', call => 'job 44', total_cost => 1) \g /dev/null
ROLLBACK;
SELECT genops_track('p', 'm', feature => 'rolled back', call => 'job 44', total_cost => 1) \g /dev/null
SELECT throws_ok($$ SELECT genops_track('p', 'm', feature => 'refused', call => 'job 45', total_cost => 1, attributes => '[]') FROM (SELECT set_config('genops.on_error', 'error', true)) s $$,
	'22023', NULL, 'a call that is refused');
SELECT genops_track('p', 'm', feature => 'refused', call => 'job 45', total_cost => 1) \g /dev/null

SELECT genops_flush('stored') \g /dev/null

SELECT is(row(calls, cost)::text, '(1,1)', 'the same id is the same call: ' || feature) FROM spent WHERE feature IN ('minted', 'any text') ORDER BY 1;
SELECT is(count(DISTINCT span_id), 2::bigint, 'both spans are there, with ids of their own') FROM mine WHERE feature = 'minted';
SELECT ok(flags @> '{duplicate}' AND total_cost IS NULL AND attributes @> '{"genops.duplicate": true}', 'the second is marked')
FROM mine WHERE feature = 'minted' AND NOT ai_call;
SELECT is(links -> 0 ->> 'span_id', substr(:'minted', 37, 16), 'and linked to the first') FROM mine WHERE feature = 'minted' AND NOT ai_call;
SELECT is(calls, 1, feature || ' is another call') FROM spent WHERE feature IN ('other provider', 'other tenant');
SELECT is(row(calls, errors, cost)::text, '(3,1,2)', 'an attempt that failed, and two that were answered') FROM spent WHERE feature = 'attempts';
SELECT is(count(*) FILTER (WHERE flags @> '{duplicate}'), 3::bigint, 'the others are duplicates') FROM mine WHERE feature = 'attempts';
SELECT is(calls, 1, 'whoever watches the same reply') FROM spent WHERE feature = 'observed, then tracked';
SELECT is(string_agg(DISTINCT provider, ','), 'openai', 'the provider has one name') FROM mine WHERE feature = 'observed, then tracked';
SELECT is(string_agg(attributes ->> 'genops.original.provider', ',' ORDER BY start_time), 'OpenAI,openai.chat', 'and keeps what it was called')
FROM mine WHERE feature = 'observed, then tracked';
SELECT is(calls, 2, 'ids that repeat in practice are none: ' || feature) FROM spent WHERE feature IN ('short ids', 'no id');
SELECT is(row(calls, cost)::text, '(1,1)', 'a span that is delivered again') FROM spent WHERE feature = 'ingested';
SELECT is(count(*), 1::bigint, 'is recorded once') FROM mine WHERE feature = 'ingested';
SELECT is(calls, NULL, 'a span of a reply that was recorded charges nothing') FROM (SELECT) a LEFT JOIN spent ON feature = 'ingested reply';
SELECT is(reason, 'duplicate', 'and is listed') FROM genops.uncounted WHERE span_id = :'other_span';
SELECT is(row(calls, cost)::text, '(1,1)', 'an agent does not take the key of its call: ' || feature) FROM spent WHERE feature LIKE '%in an agent' ORDER BY feature;
SELECT is(row(calls, cost)::text, '(1,1)', 'what a call used may be said after it was recorded') FROM spent WHERE feature = 'used later';
SELECT is(row(count(*) FILTER (WHERE flags @> '{supplement}'), count(*) FILTER (WHERE flags @> '{duplicate}'))::text, '(1,3)', 'once')
FROM mine WHERE feature = 'used later';
SELECT is(row(sum(calls), sum(prompt_tokens))::text, '(1,7)', 'what is told of a call in addition counts') FROM genops.spend
WHERE project = current_setting('genops.project') AND feature = 'ended, supplemented';
SELECT is(row(calls, cost)::text, '(2,2)', 'short ids tell the replies to a call apart') FROM spent WHERE feature = 'short ids of a call';
SELECT is(calls, 1, 'what was rolled back was recorded') FROM spent WHERE feature = 'rolled back';
SELECT is(calls, 1, 'what was refused was not') FROM spent WHERE feature = 'refused';
-- A call with ever new replies.
CREATE TEMP TABLE keys_before AS SELECT key FROM genops.call_key;
SELECT count(genops_track('p', 'm', feature => 'ever new', call => 'job 46', total_cost => 1, response => pg_temp.reply('chatcmpl-' || i || gen_random_uuid())))
FROM generate_series(1, 100) i \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT count(genops_track('p', 'm', feature => 'ever new', call => 'job 46', total_cost => 1, response => pg_temp.reply('chatcmpl-' || i || gen_random_uuid())))
FROM generate_series(1, 100) i \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(row(calls, cost)::text, '(200,200)', 'each reply is charged') FROM spent WHERE feature = 'ever new';
SELECT is(max(count), 64::bigint, 'but only so many attempts of a call are kept') FROM (SELECT count(*) FROM genops.call_key
	WHERE key NOT IN (SELECT key FROM keys_before) GROUP BY key) k;
SELECT is(count(*), 201::bigint, 'and each reply''s own key') FROM (SELECT DISTINCT key FROM genops.call_key
	WHERE key NOT IN (SELECT key FROM keys_before)) k;

SELECT genops_configure(options => '{"duplicate_window": "0"}') \g /dev/null
SELECT genops_track('p', 'm', feature => 'any text', call => 'job 42', total_cost => 1) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(calls, 2, 'no window, no duplicates') FROM spent WHERE feature = 'any text';
SELECT throws_ok($$ SELECT genops_configure(options => '{"duplicate_window": "400 days"}') $$, '22023', NULL, 'a window has a limit');
SELECT * FROM finish();
