-- SPDX-License-Identifier: PostgreSQL
-- What people write where an id, a count, a cost, a duration or a reply is wanted.
\set ON_ERROR_STOP on
SET client_min_messages = error;

\o /dev/null
SELECT set_config('genops.project', 'record_values ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS SELECT * FROM genops.spans WHERE project = current_setting('genops.project');
CREATE TYPE mood AS ENUM ('glad');
CREATE DOMAIN customer AS text;

CREATE TEMP TABLE id (expression text, expected text);
INSERT INTO id VALUES
	($$'acme'$$, 'acme'), ($$'acme'::text$$, 'acme'), ($$'acme'::varchar$$, 'acme'), ($$'acme'::char(10)$$, 'acme'), ($$'acme'::name$$, 'acme'),
	($$42$$, '42'), ($$42::smallint$$, '42'), ($$9007199254740993$$, '9007199254740993'), ($$42.50$$, '42.50'), ($$0.1::float8$$, '0.1'), ($$1.5::real$$, '1.5'),
	($$true$$, 'true'), ($$'5f3c7a3e-3f6e-4d6c-9a5e-111111111111'::uuid$$, '5f3c7a3e-3f6e-4d6c-9a5e-111111111111'),
	($$'{"c": "acme"}'::jsonb -> 'c'$$, 'acme'), ($$'{"c": "acme"}'::jsonb ->> 'c'$$, 'acme'), ($$'{"c": 42}'::jsonb -> 'c'$$, '42'), ($$'{"c": 4.20}'::jsonb -> 'c'$$, '4.20'),
	($$'{"c": null}'::jsonb -> 'c'$$, NULL), ($$'{"c": 1}'::jsonb -> 'd'$$, NULL), ($$'{"c": true}'::jsonb -> 'c'$$, 'true'),
	($$'{"c": "ac\"me"}'::json -> 'c'$$, 'ac"me'), ($$'{"c": 42}'::json -> 'c'$$, '42'), ($$'null'::json$$, NULL), ($$'{"a": 1}'::jsonb$$, '{"a": 1}'), ($$'[1]'::json$$, '[1]'),
	($$'"\u0000"'::json$$, '"\u0000"'), ($$' "\ud83d"'::json$$, ' "\ud83d"'), ($$'"\\u0000 \ud83d\ude00"'::json$$, '\u0000 😀'), ($$'"\u00e9"'::json$$, 'é'),
	($$'1e999999'::json$$, '1e999999'), ($$'1e-99999999999999999999'::json$$, '1e-99999999999999999999'), ($$'1e3'::json$$, '1000'),
	($$'acme'::customer$$, 'acme'), ($$NULL$$, NULL), ($$NULL::int$$, NULL), ($$''$$, NULL), ($$(SELECT 7)$$, '7');
CREATE TEMP TABLE count_of (expression text, expected bigint);
INSERT INTO count_of VALUES ('7', 7), ('7::bigint', 7), ('7::smallint', 7), ('7.0', 7), ('7::float8', 7), ($$'7'$$, 7), ($$' 7 '$$, 7), ($$'7'::text$$, 7),
	($$'{"n": 7}'::jsonb -> 'n'$$, 7), ($$'{"n": 7}'::json ->> 'n'$$, 7), ($$'{"n": "7"}'::jsonb -> 'n'$$, 7), ($$'{"n": null}'::jsonb -> 'n'$$, NULL), ('NULL', NULL), ('1e3', 1000);
CREATE TEMP TABLE time_of (expression text, expected interval);
INSERT INTO time_of VALUES ($$interval '820 ms'$$, '820 ms'), ($$'820 ms'$$, '820 ms'), ($$'1.5 s'::text$$, '1.5 s'), ($$clock_timestamp() - (clock_timestamp() - interval '2 s')$$, NULL),
	($$'PT1.5S'$$, '1.5 s'), ($$'00:00:01.5'$$, '1.5 s'), ($$NULL$$, NULL), ('1.5', NULL), ($$'1500'$$, NULL), ('1500::bigint', NULL), ($$'{"d": "2 s"}'::jsonb -> 'd'$$, '2 s');
DELETE FROM time_of WHERE expression LIKE 'clock%';

-- Replies and their statuses.
CREATE TYPE http_header AS (field varchar, value varchar);
CREATE TYPE http_response AS (status integer, content_type varchar, headers http_header[], content varchar);
CREATE TYPE net_response AS (id bigint, status_code integer, content_type text, headers jsonb, content text, timed_out boolean, error_msg text);
CREATE FUNCTION http(status int) RETURNS http_response LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(status, 'application/json', ARRAY[('x-id', '1')::http_header], '{"error": {"message": "no"}}')::http_response; END $$;
CREATE FUNCTION net(status int, error text) RETURNS net_response LANGUAGE plpgsql AS $$ BEGIN RETURN ROW(1, status, 'application/json', '{}'::jsonb, '{}', false, error)::net_response; END $$;
CREATE TEMP TABLE reply (feature text, statement text, expected text);
INSERT INTO reply VALUES
	('http 429', $$genops_observe(genops_begin('p', 'm', feature => 'http 429'), http(429))$$, '(error,429,no)'),
	('http 200', $$genops_observe(genops_begin('p', 'm', feature => 'http 200'), http(200))$$, '(error,_OTHER,no)'),
	('http 500, content', $$(genops_observe(genops_begin('p', 'm', feature => 'http 500, content'), http(500))).content$$, '(error,500,no)'),
	('http NULL', $$genops_observe(genops_begin('p', 'm', feature => 'http NULL'), NULL::http_response)$$, '(unset,,)'),
	('pg_net 503', $$genops_observe(genops_begin('p', 'm', feature => 'pg_net 503'), net(503, NULL))$$, '(error,503,"HTTP status 503")'),
	('pg_net timeout', $$genops_observe(genops_begin('p', 'm', feature => 'pg_net timeout'), net(NULL, 'Timeout was reached'))$$, '(error,_OTHER,"Timeout was reached")'),
	('a row as jsonb', $$genops_track('p', 'm', feature => 'a row as jsonb', response => to_jsonb(http(401)))$$, '(error,401,no)'),
	('a row as json', $$genops_end(genops_begin('p', 'm', feature => 'a row as json'), response => to_jsonb(http(404)))$$, '(error,404,no)'),
	('status of its own', $$genops_track('p', 'm', feature => 'status of its own', response => '{"status": "completed", "content": "x"}'::jsonb)$$, '(unset,,)'),
	('said to be fine', $$genops_track('p', 'm', feature => 'said to be fine', status => 'ok', response => to_jsonb(http(429)))$$, '(ok,,)'),
	('said what it is', $$genops_track('p', 'm', feature => 'said what it is', error => 'RateLimitError: slow down', response => to_jsonb(http(429)))$$, '(error,RateLimitError,"RateLimitError: slow down")'),
	('json', $$genops_track('p', 'm', feature => 'json', response => '{"a": 1}'::json)$$, '(unset,,)'),
	('text', $$genops_track('p', 'm', feature => 'text', response => 'data: {}'::text)$$, '(unset,,)'),
	('vector', $$genops_observe(genops_begin('p', 'm', feature => 'vector'), ARRAY[0.1, 0.2])$$, '(unset,,)');

SELECT plan(9 + ((SELECT count(*) FROM id) + 4 * (SELECT count(*) FROM count_of) + (SELECT count(*) FROM time_of) + 2 * (SELECT count(*) FROM reply))::int);

CREATE FUNCTION run(statement text, argument text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE format(statement, argument); RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END $$;
SELECT run($$SELECT genops_track('p', 'm', feature => 'id ' || %1$L, customer_id => %1$s, user_id => %1$s)$$, expression) FROM id \g /dev/null
SELECT is(run($$SELECT genops_track('p', 'm', feature => 'count ' || %1$L, prompt_tokens => %1$s, completion_tokens => %1$s, total_cost => %1$s)$$, expression), 'ok', 'track: ' || expression) FROM count_of;
SELECT is(run($$SELECT genops_end(genops_begin('p', 'm', feature => 'end ' || %1$L, customer_id => %1$s), prompt_tokens => %1$s, total_cost => %1$s)$$, expression), 'ok', 'end: ' || expression) FROM count_of;
SELECT run($$SELECT genops_track('p', 'm', feature => 'time ' || %1$L, duration => %1$s)$$, expression) FROM time_of \g /dev/null
SELECT is(run('SELECT %s', statement), 'ok', feature) FROM reply;

-- One JSON object.
SELECT genops_record('{"provider": "openai", "model": "gpt-4o", "feature": "record", "prompt_tokens": 10, "output_tokens": "5", "cost": 0.25, "customer_id": 7,
	"duration_ms": 820, "attributes": {"a": 1}, "response": {"id": "chatcmpl-012345678901234567890"}, "currency": "EUR", "call": null, "finish_reasons": ["stop"]}') \g /dev/null
SELECT genops_record('{"provider": "openai", "feature": "record, odd", "colour": "blue", "prompt_tokens": "many", "options": {"currency": "EUR"}}') \g /dev/null
SELECT genops_flush('stored') \g /dev/null

SELECT is(row(customer_id, user_id)::text, row(expected, expected)::text, 'id: ' || expression) FROM id LEFT JOIN mine ON feature = 'id ' || expression;
SELECT is(row(prompt_tokens, completion_tokens, total_cost::bigint)::text, row(expected, expected, expected)::text, 'count: ' || expression) FROM count_of LEFT JOIN mine ON feature = 'count ' || expression;
SELECT is(row(prompt_tokens, total_cost::bigint)::text, row(expected, expected)::text, 'count at the end: ' || expression) FROM count_of LEFT JOIN mine ON feature = 'end ' || expression;
SELECT is(duration, expected, 'duration: ' || expression) FROM time_of LEFT JOIN mine ON feature = 'time ' || expression;
SELECT is(row(status, attributes ->> 'error.type', status_message)::text, expected, 'reply: ' || feature) FROM reply LEFT JOIN mine USING (feature);
SELECT is(row(provider, model, operation, prompt_tokens, completion_tokens, total_tokens, total_cost, currency, customer_id, duration_ms)::text, '(openai,gpt-4o,chat,10,5,15,0.25,EUR,7,820)', 'one object says it all')
FROM mine WHERE feature = 'record';
SELECT is(attributes -> 'gen_ai.response.id', '"chatcmpl-012345678901234567890"', 'with its reply') FROM mine WHERE feature = 'record';
SELECT is(row(prompt_tokens, status)::text, '(,unset)', 'and what is odd in it is left out') FROM mine WHERE feature = 'record, odd';

-- The type itself.
SELECT is('x'::genops.value::text, 'x', 'a value is a text');
SELECT is((SELECT '{"b": [1, 2]}'::jsonb::genops.value)::text, '{"b": [1, 2]}', 'jsonb prints');
CREATE TABLE kept AS SELECT '{"b": 2}'::jsonb::genops.value AS v, 5::genops.value AS n, repeat('x', 100000)::genops.value AS long;
COPY kept TO '/dev/null' (FORMAT binary);
SELECT is(v::text || n::text || length(long::text), '{"b": 2}5100000', 'and is kept in tables') FROM kept;
SELECT is(concat(provolatile, proparallel, prosecdef), 'vsf', 'genops_record is like genops_track') FROM pg_proc WHERE proname = 'genops_record';
SELECT is_empty($$ SELECT proname FROM pg_proc WHERE proname LIKE 'genops\_%' AND '"any"'::regtype = ANY (proargtypes) $$, 'nothing takes "any"');
SELECT is_empty($$ SELECT proname FROM pg_proc WHERE proname LIKE 'genops\_%' GROUP BY proname HAVING count(*) > 1 $$, 'nothing is overloaded');
SELECT * FROM finish();
