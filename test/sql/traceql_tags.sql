-- SPDX-License-Identifier: PostgreSQL
-- genops_tags and genops_tag_values over the ledger.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(22);

SELECT genops_track('openai', 'gpt-4o', team => 'search', total_cost => 0.5, prompt_tokens => 7, error => 'boom',
	attributes => '{"ratio": 2.0, "flag": true, "list": ["a", "b"], "mixed": "text", "two words": "both"}'),
	genops_track('openai', 'gpt-4o', team => 'search', attributes => '{"mixed": 5}'),
	genops_track('openai', 'gpt-4o-mini', team => 'support', tenant_id => 'other') \g /dev/null
SELECT genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
	'resource', '{"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]}'::jsonb,
	'scopeSpans', jsonb_build_array(jsonb_build_object(
		'scope', '{"name": "lib", "attributes": [{"key": "of.scope", "value": {"intValue": "1"}}]}'::jsonb,
		'spans', jsonb_build_array(jsonb_build_object(
			'traceId', '11111111111111111111111111111111', 'spanId', '2222222222222222', 'name', 'GET',
			'startTimeUnixNano', (floor(extract(epoch FROM now()))::bigint * 1000000000)::text,
			'endTimeUnixNano', (floor(extract(epoch FROM now()))::bigint * 1000000000 + 5)::text,
			'events', '[{"name": "e", "attributes": [{"key": "of.event", "value": {"stringValue": "x"}}]}]'::jsonb,
			'links', '[{"traceId": "33333333333333333333333333333333", "spanId": "4444444444444444", "attributes": [{"key": "of.link", "value": {"stringValue": "x"}}]}]'::jsonb
		)))))))) \g /dev/null

SELECT set_has($$SELECT * FROM genops_tags()$$,
	$$VALUES ('span', 'team'), ('span', 'ratio'), ('resource', 'service.name'), ('event', 'exception.type'),
		('event', 'of.event'), ('link', 'of.link'), ('instrumentation', 'of.scope'), ('intrinsic', 'duration')$$,
	'attributes of every scope, what was just recorded among them');
SELECT is(count(*), count(DISTINCT (tag_scope, tag)), 'each once') FROM genops_tags();
SELECT results_eq($$SELECT tag FROM genops_tags('link')$$, $$VALUES ('of.link'::text)$$, 'one scope');
SELECT is_empty($$SELECT * FROM genops_tags('span', start_time => now() + '1 day')$$, 'nothing in the future');
SELECT is_empty($$SELECT * FROM genops_tags('span', tenant_id => 'nobody')$$, 'nothing of a tenant without spans');
SELECT isnt_empty($$SELECT * FROM genops_tags('span', tenant_id => 'nobody|other')$$, 'several tenants');
SELECT throws_ok($$SELECT * FROM genops_tags('spam')$$, '22023', 'invalid value for parameter "scope": "spam"', 'no such scope');

SELECT results_eq($$SELECT * FROM genops_tag_values('.team')$$,
	$$VALUES ('search', 'string', 2::bigint), ('support', 'string', 1::bigint)$$, 'values of a column, the most frequent first');
SELECT set_eq($$SELECT value, type FROM genops_tag_values('span.mixed')$$,
	$$VALUES ('text', 'string'), ('5', 'int')$$, 'values of several types');
SELECT results_eq($$SELECT value, type FROM genops_tag_values('.ratio')$$, $$VALUES ('2.0', 'float')$$, 'a float');
SELECT results_eq($$SELECT value, type FROM genops_tag_values('.flag')$$, $$VALUES ('true', 'bool')$$, 'a boolean');
SELECT set_eq($$SELECT value, type FROM genops_tag_values('status')$$,
	$$VALUES ('error', 'keyword'), ('unset', 'keyword')$$, 'statuses');
SELECT set_eq($$SELECT value, spans FROM genops_tag_values('resource.service.name')$$,
	$$SELECT service_name, count(*) FROM genops.spans GROUP BY 1$$, 'the resource''s');
SELECT results_eq($$SELECT value, spans FROM genops_tag_values('name', '{ .team = "support" }')$$,
	$$VALUES ('chat gpt-4o-mini', 1::bigint)$$, 'of the spans that a query finds');
SELECT results_eq($$SELECT value FROM genops_tag_values('.team', tenant_id => 'other')$$, $$VALUES ('support')$$, 'of a tenant');
SELECT is_empty($$SELECT * FROM genops_tag_values('.nope')$$, 'no values of what nobody has');
SELECT throws_ok($$SELECT * FROM genops_tag_values('team')$$, '22023', 'invalid tag: "team"', 'a name without its dot');
SELECT is(array_agg(value), ARRAY['both'], 'a name that a query has in quotes, without them')
FROM genops_tags('span') t, genops_tag_values('span.' || t.tag) WHERE t.tag = 'two words';
SELECT results_eq($$SELECT value FROM genops_tag_values('."two words"')$$, $$VALUES ('both')$$, 'and with them');
SELECT results_eq($$SELECT * FROM genops_tag_values('span:name')$$, $$SELECT * FROM genops_tag_values('name')$$,
	'an intrinsic by either spelling');
SELECT throws_ok($$SELECT * FROM genops_tag_values('.')$$, '22023', 'invalid tag: "."', 'no name');
SELECT throws_ok($$SELECT * FROM genops_tag_values('.team', '{')$$, '42601', NULL, 'a query that is none');

SELECT * FROM finish();
