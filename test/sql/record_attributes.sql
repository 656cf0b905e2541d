-- SPDX-License-Identifier: PostgreSQL
-- The caller's own attributes, and the limits of texts.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(37);

\o /dev/null
SELECT set_config('genops.project', 'record_attributes ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS
	SELECT *, attributes - '{feature,genops.feature,project,genops.project,gen_ai.operation.name,gen_ai.provider.name,
		gen_ai.request.model,genops.operation.name,genops.operation.type,genops.provider,genops.model,
		genops.cost.source}'::text[] AS own
	FROM genops.spans WHERE project = current_setting('genops.project');

SELECT genops_track('p', 'm', feature => 'types', attributes => '{"int": 1, "negative": -1, "double": 1.0, "fraction": 0.25,
	"large": 9223372036854775807, "too large": 100000000000000000000, "text": "x", "empty": "", "true": true, "false": false,
	"null": null, "array": [1, "a", null, 2.5, [true]], "object": {"a": {"b": [1]}, "n": null}, "empty array": [], "empty object": {},
	"é": "ü€😀"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'long', attributes => jsonb_build_object('ascii', repeat('x', 5000), 'wide', repeat('€', 1000)))
UNION ALL SELECT genops_track('p', 'm', feature => 'huge', attributes => jsonb_build_object('text', repeat('x', 10000000)))
UNION ALL SELECT genops_track('p', 'm', feature => 'many',
	attributes => (SELECT jsonb_object_agg('key' || i, i) FROM generate_series(1, 200) i))
UNION ALL SELECT genops_track('p', 'm', feature => 'much',
	attributes => (SELECT jsonb_object_agg('key' || i, repeat('x', 2000)) FROM generate_series(1, 100) i))
UNION ALL SELECT genops_track('p', 'm', feature => 'much nested',
	attributes => jsonb_build_object('a', (SELECT jsonb_agg(repeat('x', 2000)) FROM generate_series(1, 100)), 'b', 1))
UNION ALL SELECT genops_track('p', 'm', feature => 'deep', attributes => jsonb_build_object('deep', (repeat('[', 100) || repeat(']', 100))::jsonb,
	'not so deep', (repeat('[', 8) || repeat(']', 8))::jsonb))
UNION ALL SELECT genops_track('p', 'm', feature => 'key', attributes => jsonb_build_object('', 1, repeat('k', 2000), 2))
UNION ALL SELECT genops_track('p', repeat('m', 3000), feature => 'long model')
UNION ALL SELECT genops_track('p', 'm', feature => 'long error', error => repeat('e', 100000))
UNION ALL SELECT genops_track(repeat('€', 1000), repeat('€', 1000), operation => repeat('€', 1000), team => repeat('€', 1000),
	customer_id => repeat('€', 1000), cost_center => repeat('€', 1000), environment => repeat('€', 1000), feature => 'everything long',
	user_id => repeat('€', 1000), service_name => repeat('€', 1000), name => repeat('€', 1000), error => repeat('€', 5000),
	attributes => (SELECT jsonb_object_agg('key' || i, repeat('x', 2000)) FROM generate_series(1, 100) i),
	options => jsonb_build_object('response_id', repeat('€', 1000), 'response_model', repeat('€', 1000), 'error_type', repeat('€', 1000),
		'finish_reasons', (SELECT jsonb_agg(repeat('€', 1000)) FROM generate_series(1, 16))))
\g /dev/null
SELECT genops_observe(genops_begin('p', 'm', feature => 'begun with much',
	attributes => (SELECT jsonb_object_agg('key' || i, repeat('x', 2000)) FROM generate_series(1, 100) i)), now())
\g /dev/null
SELECT genops_flush('stored') \g /dev/null

SELECT is(own, '{"int": 1, "negative": -1, "double": 1.0, "fraction": 0.25, "large": 9223372036854775807, "too large": 100000000000000000000,
	"text": "x", "empty": "", "true": true, "false": false, "array": [1, "a", null, 2.5, [true]],
	"object": {"a": {"b": [1]}}, "empty array": [], "empty object": {}, "é": "ü€😀"}'::jsonb, 'values keep their types')
FROM mine WHERE feature = 'types';
SELECT is(own -> 'double' #>> '{}', '1.0', 'a number with a decimal point is a double') FROM mine WHERE feature = 'types';
SELECT is(length(own ->> 'ascii'), 2048, 'a long text is cut') FROM mine WHERE feature = 'long';
SELECT is(own ->> 'wide', repeat('€', 682), 'at a character') FROM mine WHERE feature = 'long';
SELECT is(length(own ->> 'text'), 2048, 'also one of megabytes') FROM mine WHERE feature = 'huge';
SELECT is((SELECT count(*) FROM jsonb_object_keys(own)), 128::bigint, 'at most 128 attributes') FROM mine WHERE feature = 'many';
SELECT ok((SELECT count(*) FROM jsonb_object_keys(own)) BETWEEN 20 AND 30, 'and as many as fit') FROM mine WHERE feature = 'much';
SELECT is(own, '{"b": 1}'::jsonb, 'an array that does not fit is left out') FROM mine WHERE feature = 'much nested';
SELECT is(own, '{"not so deep": [[[[[[[[]]]]]]]]}'::jsonb, 'and what is nested too deep') FROM mine WHERE feature = 'deep';
SELECT is(own, jsonb_build_object(repeat('k', 1024), 2), 'an empty key is left out, a long one cut') FROM mine WHERE feature = 'key';
SELECT is(length(model), 1024, 'a name is cut') FROM mine WHERE feature = 'long model';
SELECT is(name, 'chat ' || repeat('m', 507), 'and the span''s name') FROM mine WHERE feature = 'long model';
SELECT is(length(status_message), 2048, 'an error''s message is cut') FROM mine WHERE feature = 'long error';
SELECT is(model, repeat('€', 341), 'everything long') FROM mine WHERE feature = 'everything long';
SELECT is(attributes ->> 'exception.message', repeat('€', 682), 'with its error') FROM mine WHERE feature = 'everything long';
SELECT ok(octet_length(own::text) > 10000, 'with attributes') FROM mine WHERE feature = 'everything long';
SELECT ok((SELECT count(*) FROM jsonb_object_keys(own)) BETWEEN 15 AND 30, 'an open call keeps room for its outcome') FROM mine WHERE feature = 'begun with much';

SET genops_tempo.max_attribute_length = 64;
SELECT genops_track('p', repeat('m', 100), feature => 'other limit', attributes => jsonb_build_object('text', repeat('x', 100))) \g /dev/null
RESET genops_tempo.max_attribute_length;
SELECT genops_flush('stored') \g /dev/null
SELECT is(row(length(model), length(own ->> 'text'))::text, '(64,64)', 'the limit is a setting') FROM mine WHERE feature = 'other limit';

SET genops.on_error = error;
SELECT throws_like($$ SELECT genops_track('p', 'm', attributes => '{"genops.cost.total_cost": 1}') $$,
	'attribute "genops.cost.total_cost" cannot be set by "attributes"', 'no attribute twice');
-- Whoever reads the span would take these for what the arguments, or an administrator's pins, say.
SELECT throws_ok(format('SELECT genops_track(%L, %L, attributes => %L)', 'p', 'm', jsonb_build_object(key, 'x')), '22023', NULL,
	'no attribute can pass for ' || key)
FROM unnest('{environment,tenant_id,genops.tenant_id,genops.cost.input,customer,genops.customer,user.id,enduser.id,gen_ai.system,llm.cost.total,llm.token_count.prompt,gen_ai.usage.cost.currency}'::text[]) key;
SELECT is(count(*), 13::bigint, 'all were recorded') FROM mine;
SELECT is(count(DISTINCT trace_id), 13::bigint, 'in traces of their own') FROM mine;
SELECT is(count(DISTINCT span_id), 13::bigint, 'with ids of their own') FROM mine;

-- What is cut is counted, of what is recorded.
SELECT cut_attributes AS cut FROM genops.stat_recording \gset
SELECT genops_track('p', 'm', attributes => jsonb_build_object('a', repeat('x', 5000), 'b', repeat('y', 5000))) \g /dev/null
SELECT is(cut_attributes - :cut, 2::bigint, 'texts that are cut are counted') FROM genops.stat_recording;
SELECT throws_ok($$ SELECT genops_track('p', 'm', attributes => jsonb_build_object('a', repeat('x', 5000), 'team', 'a')) $$, '22023',
	NULL, 'a call that is refused after a text of its was cut');
SELECT genops_track('p', 'm', attributes => (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 130) i)) \g /dev/null
SELECT is(cut_attributes - :cut, 4::bigint, 'as are attributes for which there is no room') FROM genops.stat_recording;
SELECT * FROM finish();
