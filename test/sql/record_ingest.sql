-- SPDX-License-Identifier: PostgreSQL
-- Spans that others made.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(24);

SELECT gen_random_uuid() AS project \gset
CREATE TEMP TABLE own AS SELECT 'record_ingest ' || :'project' AS project;
CREATE TEMP VIEW mine AS SELECT * FROM genops.spans WHERE project = (SELECT project FROM own);

-- Spans of a request, each with the mark of this run.
CREATE FUNCTION pg_temp.request(VARIADIC spans jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
		'resource', '{"attributes": [{"key": "service.name", "value": {"stringValue": "elsewhere"}},
			{"key": "deployment.environment.name", "value": {"stringValue": "staging"}}]}'::jsonb,
		'schemaUrl', 'https://opentelemetry.io/schemas/1.30.0',
		'scopeSpans', jsonb_build_array(jsonb_build_object('scope', '{"name": "a library", "version": "2"}'::jsonb, 'spans',
			(SELECT jsonb_agg(span || jsonb_build_object('attributes', coalesce(span -> 'attributes', '[]')
				|| jsonb_build_array(jsonb_build_object('key', 'project', 'value', jsonb_build_object('stringValue', project)))))
				FROM unnest(spans) span, own))))))
$$;
CREATE FUNCTION pg_temp.span(name text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('traceId', md5(random()::text), 'spanId', left(md5(random()::text), 16), 'name', name, 'kind', 3,
		'startTimeUnixNano', '1767323045000000000', 'endTimeUnixNano', '1767323046500000000') || more
$$;

SELECT is(row(i.*)::text, '(2,0,)', 'counts what it accepted')
FROM genops_ingest(pg_temp.request(
	pg_temp.span('chat claude', '{"attributes": [{"key": "gen_ai.provider.name", "value": {"stringValue": "anthropic"}},
		{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
		{"key": "gen_ai.request.model", "value": {"stringValue": "claude-sonnet-4"}},
		{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "11"}},
		{"key": "genops.cost.total_cost", "value": {"doubleValue": 0.25}},
		{"key": "team", "value": {"stringValue": "research"}}],
		"status": {"code": 2, "message": "no"}, "traceState": "a=b"}'),
	pg_temp.span('a step', '{"kind": 1, "parentSpanId": "00f067aa0ba902b7"}'))) i;
SELECT is(accepted, 0::bigint, 'nothing in it is nothing wrong') FROM genops_ingest('{"resourceSpans": []}');

SELECT is(row(accepted, rejected)::text, '(2,2)', 'what is wrong with one span is no other''s fault')
FROM genops_ingest(pg_temp.request(pg_temp.span('good one'),
	pg_temp.span('too late', '{"startTimeUnixNano": "9300000000000000000"}'),
	pg_temp.span('large', jsonb_build_object('attributes', jsonb_build_array(jsonb_build_object('key', 'x', 'value',
		jsonb_build_object('stringValue', repeat('x', 70000)))))),
	pg_temp.span('good two')));
SELECT is(reason, 'span''s time is out of range', 'the first reason is told')
FROM genops_ingest(pg_temp.request(pg_temp.span('too late', '{"startTimeUnixNano": "9300000000000000000"}')));
SELECT is(accepted, 1::bigint, 'a span that ends before it starts is recorded with what it cost')
FROM genops_ingest(pg_temp.request(pg_temp.span('ends early', '{"endTimeUnixNano": "1", "attributes": [{"key": "cost", "value": {"doubleValue": 0.5}}]}')));
SELECT is(row(total_cost, duration)::text, '(0.5,)', 'and without a duration') FROM genops.spans WHERE name = 'ends early';
SELECT matches(reason, '64 kB', 'a span too large')
FROM genops_ingest(pg_temp.request(pg_temp.span('large', jsonb_build_object('attributes', jsonb_build_array(jsonb_build_object('key', 'x', 'value',
	jsonb_build_object('stringValue', repeat('x', 70000))))))));

SELECT throws_ok($$ SELECT genops_ingest('{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}') $$, '22023', NULL, 'an id that is none');
SELECT throws_ok($$ SELECT genops_ingest('[]') $$, '22023', NULL, 'a request that is none');
SELECT throws_ok($$ SELECT genops_ingest_protobuf('\x0a0512') $$, '22P03', NULL, 'protobuf that is none');

-- resource_spans { scope_spans { spans { trace_id 16 x 01, span_id 8 x 02, name "bytes", start, end } } }
SELECT is(row(i.*)::text, '(1,0,)', 'protobuf')
FROM (SELECT '\x'::bytea
	|| '\x0a10' || decode(repeat('01', 16), 'hex') || '\x1208' || decode(repeat('02', 8), 'hex') || '\x2a056279746573'
	|| '\x390100000000000000' || '\x410200000000000000'
	|| '\x4a' || set_byte('\x00', 0, 13 + length(project)) || '\x0a0770726f6a656374' || '\x12' || set_byte('\x00', 0, 2 + length(project))
	|| '\x0a' || set_byte('\x00', 0, length(project)) || convert_to(project, 'UTF8') FROM own) s (span),
	LATERAL (SELECT '\x12' || set_byte('\x00', 0, length(span)) || span) p (scope_spans),
	LATERAL (SELECT '\x12' || set_byte('\x00', 0, length(scope_spans)) || scope_spans) q (resource_spans),
	LATERAL (SELECT '\x0a' || set_byte('\x00', 0, length(resource_spans)) || resource_spans) r (request),
	genops_ingest_protobuf(request) i;

SELECT genops_flush('stored') \g /dev/null

SELECT is(service_name, 'elsewhere', 'the resource''s service') FROM mine WHERE name = 'chat claude';
SELECT is(environment, 'staging', 'and environment') FROM mine WHERE name = 'chat claude';
SELECT is(row(provider, model, operation, team)::text, '(anthropic,claude-sonnet-4,chat,research)', 'facts are found in attributes')
FROM mine WHERE name = 'chat claude';
SELECT is(row(prompt_tokens, total_cost = 0.25, ai_call)::text, '(11,t,t)', 'and usage') FROM mine WHERE name = 'chat claude';
SELECT is(row(status, status_message, trace_state)::text, '(error,no,a=b)', 'status') FROM mine WHERE name = 'chat claude';
SELECT is(duration, interval '1.5 s', 'times') FROM mine WHERE name = 'chat claude';
SELECT is(start_time, timestamptz '2026-01-02 03:04:05Z', 'are the span''s own') FROM mine WHERE name = 'chat claude';
SELECT is(row(kind, parent_span_id, ai_call)::text, '(internal,00f067aa0ba902b7,f)', 'a step') FROM mine WHERE name = 'a step';
SELECT is(trace_id, repeat('01', 16), 'bytes') FROM mine WHERE name = 'bytes';
SELECT is(string_agg(name, ', ' ORDER BY name), 'a step, bytes, chat claude, ends early, good one, good two', 'nothing else came in') FROM mine;

SELECT ok(NOT has_function_privilege('public', 'genops_ingest(jsonb)', 'EXECUTE'), 'PUBLIC may not ingest');
SELECT ok(NOT has_function_privilege('public', 'genops_ingest_protobuf(bytea)', 'EXECUTE'), 'nor protobuf');

BEGIN;
SET LOCAL genops.tenant_id = 'acme';
SELECT accepted FROM genops_ingest(pg_temp.request(pg_temp.span('of a tenant'))) \g /dev/null
COMMIT;
SELECT genops_flush('stored') \g /dev/null
SELECT is(tenant_id, 'acme', 'the session''s tenant') FROM mine WHERE name = 'of a tenant';
SELECT * FROM finish();
