-- SPDX-License-Identifier: PostgreSQL
-- genops.spans: rows, and what is decoded from a segment's bytes.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT plan(34);

SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1200, completion_tokens => 300, total_cost => 0.000000000001,
	team => 'support', feature => 'whole', tenant_id => 'acme', service_name => 'shop', environment => 'production',
	started_at => '2026-01-02 03:04:05.000006Z', duration => '1.5 s',
	attributes => '{"whole": 7, "half": 0.5, "nothing": null, "nested": {"a": [1, "x", true]}}')
UNION ALL SELECT genops_track('openai', 'gpt-4o', feature => 'failed', error => 'too many requests')
UNION ALL SELECT genops_track('openai', 'gpt-4o', feature => 'named', name => 'my own')
UNION ALL SELECT genops_track(NULL, NULL, operation => 'invoke_workflow', feature => 'no model', options => '{"kind": "internal"}')
UNION ALL SELECT genops_track('p', 'm', feature => 'year 1970', started_at => '1970-01-01 00:00:00Z', duration => '0 s')
UNION ALL SELECT genops_track('p', 'm', feature => 'long text', user_id => repeat('ü', 200))
\g /dev/null

-- Values that only others' spans have.
SELECT genops_ingest('{"resourceSpans": [{
	"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "other"}}]},
	"scopeSpans": [{"scope": {"name": "s"}, "spans": [{
		"traceId": "0000000000000000000000000000abcd", "spanId": "00000000000000ef", "parentSpanId": "ffffffffffffff01",
		"name": "GET /", "kind": 2, "startTimeUnixNano": "1700000000123456789", "endTimeUnixNano": "1700000000123456799",
		"traceState": "a=b",
		"attributes": [
			{"key": "bytes", "value": {"bytesValue": "AQID"}},
			{"key": "nan", "value": {"doubleValue": "NaN"}},
			{"key": "infinity", "value": {"doubleValue": "-Infinity"}},
			{"key": "double", "value": {"doubleValue": 2}},
			{"key": "int", "value": {"intValue": "2"}},
			{"key": "big", "value": {"intValue": "9223372036854775807"}},
			{"key": "shortest", "value": {"doubleValue": 0.1}},
			{"key": "empty", "value": {}},
			{"key": "twice", "value": {"stringValue": "first"}},
			{"key": "twice", "value": {"stringValue": "second"}},
			{"key": "list", "value": {"arrayValue": {"values": []}}},
			{"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": false}}]}}}],
		"events": [{"timeUnixNano": "1700000000000000001", "name": "e", "attributes": [{"key": "x", "value": {"intValue": 1}}]}],
		"links": [{"traceId": "0000000000000000000000000000dcba", "spanId": "00000000000000fe", "traceState": "c=d"}],
		"status": {"code": 2, "message": "broken"}
	}]}]}]}'::jsonb)
\g /dev/null
SELECT genops_flush('stored') \g /dev/null

CREATE VIEW tracked AS SELECT * FROM genops.spans WHERE feature IS NOT NULL;

SELECT is(count(*), 7::bigint, 'every span is there once') FROM genops.spans;
SELECT ok(bool_and(trace_id ~ '^[0-9a-f]{32}$' AND span_id ~ '^[0-9a-f]{16}$'), 'ids are padded') FROM genops.spans;
SELECT is((tenant_id, service_name, environment, team, provider, model, operation)::text,
		  '(acme,shop,production,support,openai,gpt-4o,chat)', 'the columns are the call''s')
FROM tracked WHERE feature = 'whole';
SELECT is((start_time, end_time, duration, duration_ms)::text,
		  '("2026-01-02 03:04:05.000006+00","2026-01-02 03:04:06.500006+00",00:00:01.5,1500)', 'so are its times')
FROM tracked WHERE feature = 'whole';
SELECT is((prompt_tokens, completion_tokens, total_tokens, total_cost, currency)::text,
		  '(1200,300,1500,0.000000000001,USD)', 'and its measures, exactly')
FROM tracked WHERE feature = 'whole';
SELECT is((name, kind, status)::text, '("chat gpt-4o",client,unset)', 'name, kind and status are words')
FROM tracked WHERE feature = 'whole';
SELECT is(name, 'my own', 'a name of the caller''s is kept') FROM tracked WHERE feature = 'named';
SELECT is((name, kind, ai_call)::text, '(invoke_workflow,internal,f)', 'a step without a model')
FROM tracked WHERE feature = 'no model';
SELECT is((status, status_message)::text, '(error,"too many requests")', 'a failed call says why')
FROM tracked WHERE feature = 'failed';
SELECT is(events #>> '{0,name}', 'exception', 'and has an exception event') FROM tracked WHERE feature = 'failed';
SELECT is((total_cost, currency)::text, '(,)', 'an unpriced call has no cost') FROM tracked WHERE feature = 'failed';
SELECT is(start_time, '1970-01-01 00:00:00Z', 'a time long past is kept') FROM tracked WHERE feature = 'year 1970';
SELECT is(user_id, repeat('ü', 200), 'so is a long text') FROM tracked WHERE feature = 'long text';
SELECT is(attributes -> 'nested', '{"a": [1, "x", true]}', 'nested attributes come back')
FROM tracked WHERE feature = 'whole';
SELECT is(attributes ->> 'genops.cost.total_tokens', '1500', 'what columns say is among the attributes')
FROM tracked WHERE feature = 'whole';
SELECT is(resource_attributes ->> 'service.name', 'shop', 'the resource names the service')
FROM tracked WHERE feature = 'whole';
SELECT is(resource_attributes ->> 'deployment.environment', 'production', 'and the environment')
FROM tracked WHERE feature = 'whole';
SELECT is(resource_attributes ->> 'telemetry.sdk.name', 'genops_tempo', 'and us')
FROM tracked WHERE feature = 'whole';
SELECT matches(resource_attributes ->> 'service.instance.id', '^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab]',
			   'the instance is a UUID of version 5')
FROM tracked WHERE feature = 'whole';
SELECT ok(bool_and(NOT resource_attributes ? 'deployment.environment'), 'no environment is no attribute')
FROM tracked WHERE feature = 'failed';
SELECT is(attributes ->> 'feature', feature, 'each row has its own attributes: ' || feature) FROM tracked
WHERE feature IN ('whole', 'failed', 'named') ORDER BY feature;

CREATE VIEW other AS SELECT * FROM genops.spans WHERE service_name = 'other';

SELECT is((trace_id, span_id, parent_span_id)::text,
		  '(0000000000000000000000000000abcd,00000000000000ef,ffffffffffffff01)', 'ids of others')
FROM other;
SELECT is((name, kind, status, status_message, trace_state, duration_ms)::text,
		  '("GET /",server,error,broken,a=b,1e-05)', 'a span of others as it came')
FROM other;
SELECT is(attributes ->> 'bytes', 'AQID', 'bytes are base64') FROM other;
SELECT is((attributes ->> 'nan') || ' ' || (attributes ->> 'infinity'), 'NaN -Infinity', 'what jsonb can''t say is a text') FROM other;
SELECT is((attributes ->> 'double') || ' ' || (attributes ->> 'int'), '2.0 2', 'a whole double isn''t taken for an integer') FROM other;
SELECT is((attributes ->> 'big') || ' ' || (attributes ->> 'shortest'), '9223372036854775807 0.1', 'numbers are exact') FROM other;
SELECT is(attributes -> 'empty', 'null', 'an empty value is null') FROM other;
SELECT is(attributes ->> 'twice', 'first', 'of one key''s values the first is shown') FROM other;
SELECT is((attributes -> 'list')::text || (attributes -> 'map')::text, '[]{"k": false}', 'arrays and maps') FROM other;
SELECT is(events, '[{"time": "2023-11-14T22:13:20.000000001Z", "name": "e", "attributes": {"x": 1}}]', 'events') FROM other;
SELECT is(links, '[{"trace_id": "0000000000000000000000000000dcba", "span_id": "00000000000000fe", "trace_state": "c=d", "attributes": {}}]',
		  'links') FROM other;
SELECT * FROM finish();
