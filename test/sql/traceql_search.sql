-- SPDX-License-Identifier: PostgreSQL
-- genops_traceql: what a search gives, in which order and within which range.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT no_plan();

-- Spans: trace and span are small numbers, start is in seconds after a fixed time.
CREATE FUNCTION pg_temp.at(seconds double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
	$$ SELECT timestamptz '2026-01-02 03:00:00Z' + seconds * interval '1 second' $$;
CREATE FUNCTION pg_temp.nanoseconds(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS
	$$ SELECT trim_scale(extract(epoch FROM moment) * 1000000000)::text $$;
CREATE FUNCTION pg_temp.attribute(key text, value text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
	$$ SELECT jsonb_build_object('key', key, 'value', jsonb_build_object('stringValue', value)) $$;
CREATE FUNCTION pg_temp.span(trace integer, span integer, start double precision, duration double precision DEFAULT 1,
	parent integer DEFAULT 0, name text DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('traceId', lpad(to_hex(trace), 32, '0'), 'spanId', lpad(to_hex(span), 16, '0'),
		'name', coalesce(name, 'span ' || span), 'kind', 3, 'startTimeUnixNano', pg_temp.nanoseconds(pg_temp.at(start)),
		'endTimeUnixNano', pg_temp.nanoseconds(pg_temp.at(start + duration)))
		|| CASE WHEN parent > 0 THEN jsonb_build_object('parentSpanId', lpad(to_hex(parent), 16, '0')) ELSE '{}' END || more
$$;
-- Stores spans as one segment.
CREATE FUNCTION pg_temp.store(tenant text, service text, VARIADIC spans jsonb[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('genops.tenant_id', tenant, true);
	IF (SELECT accepted FROM genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
		'resource', jsonb_build_object('attributes', jsonb_build_array(pg_temp.attribute('service.name', service),
			pg_temp.attribute('region', 'eu'))),
		'scopeSpans', jsonb_build_array(jsonb_build_object('spans', to_jsonb(spans))))))))
		<> cardinality(spans) THEN
		RAISE 'not all were accepted';
	END IF;
	PERFORM genops_flush('stored');
END $$;
-- The numbers of the spans that a search gives, in order; a trace's in brackets.
CREATE FUNCTION pg_temp.found(query text, max_traces integer DEFAULT NULL, spans_per_trace integer DEFAULT NULL,
	since interval DEFAULT NULL, start_time timestamptz DEFAULT NULL, end_time timestamptz DEFAULT NULL, tenant text DEFAULT 'a')
RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s(%s)', trace, spans), ' ' ORDER BY place), 'none') FROM (
		SELECT min(n) AS place, ('x' || right(trace_id, 8))::bit(32)::integer AS trace,
			string_agg(ltrim(span_id, '0'), ' ' ORDER BY n) AS spans
		FROM (SELECT *, n - row_number() OVER (PARTITION BY trace_id ORDER BY n) AS run FROM (
			SELECT *, row_number() OVER () AS n
			FROM genops_traceql($1, max_traces => $2, spans_per_trace => $3, since => $4, start_time => $5, end_time => $6,
				tenant_id => $7)) numbered) rows
		GROUP BY trace_id, run) runs
$$;

SELECT is_empty($$ SELECT * FROM genops_traceql('{}', since => NULL) $$, 'an empty ledger has no spans');
SELECT is_empty($$ SELECT * FROM genops_traceql('{}', since => NULL, max_traces => 3) $$, 'nor its newest');

-- Trace 1 is in three segments, its root in the last; 2 has no root; 3 is the newest.
\o /dev/null
SELECT pg_temp.store('a', 'web', pg_temp.span(1, 2, 1, 2, 1),
	pg_temp.span(1, 3, 0.5, 1, 1, 'work', jsonb_build_object('status', '{"code": 2, "message": "no luck"}'::jsonb,
		'attributes', jsonb_build_array(pg_temp.attribute('team', 'x'),
			'{"key": "n", "value": {"intValue": "7"}}'::jsonb, '{"key": "f", "value": {"doubleValue": 0.5}}'::jsonb))));
SELECT pg_temp.store('a', 'db', pg_temp.span(1, 4, 2, 1, 3, more =>
	'{"startTimeUnixNano": "1767322802000001500", "endTimeUnixNano": "1767322802000501499"}'), pg_temp.span(2, 5, 100, 1, 99));
SELECT pg_temp.store('a', 'web', pg_temp.span(1, 1, 0, 10, 0, 'root'), pg_temp.span(3, 6, 200));
SELECT pg_temp.store('b', 'web', pg_temp.span(4, 7, 150), pg_temp.span(1, 8, 50, 1, 1));
SELECT pg_temp.store('', 'web', pg_temp.span(5, 9, 300));
\o

-- Columns
CREATE FUNCTION pg_temp.row_of(span text) RETURNS genops.traceql_row LANGUAGE sql AS
	$$ SELECT t FROM genops_traceql(format('{ span:id = "%s" }', lpad(span, 16, '0')), since => NULL) t $$;

SELECT is(row(trace_id, span_id, parent_span_id), row(lpad('1', 32, '0'), lpad('3', 16, '0'), lpad('1', 16, '0')), 'ids are padded')
FROM pg_temp.row_of('3');
SELECT is(row(tenant_id, service_name, name, kind, status, status_message)::text, '(a,web,work,client,error,"no luck")', 'of the span')
FROM pg_temp.row_of('3');
SELECT is(row(root_service_name, root_name)::text, '(web,root)', 'the root''s name, from another segment') FROM pg_temp.row_of('3');
SELECT is(row(start_time, duration, duration_ms)::text, row(pg_temp.at(0.5), interval '1 second', 1000.0::float8)::text, 'times')
FROM pg_temp.row_of('3');
SELECT is(row(start_time, duration, duration_ms)::text, row(pg_temp.at(2.000001), interval '499 microseconds', 0.499999::float8)::text,
	'to the microsecond, and finer') FROM pg_temp.row_of('4');
SELECT is(attributes, '{"team": "x", "n": 7, "f": 0.5}', 'attributes with their types') FROM pg_temp.row_of('3');
SELECT is(resource_attributes, '{"service.name": "web", "region": "eu"}', 'resource attributes') FROM pg_temp.row_of('3');
SELECT ok(labels IS NULL AND matched = 1 AND "time" IS NULL AND value IS NULL, 'without groups there are no labels, nor points')
FROM pg_temp.row_of('3');
SELECT ok(parent_span_id IS NULL AND root_name = 'root' AND attributes = '{}', 'a root is its own') FROM pg_temp.row_of('1');
SELECT ok(parent_span_id IS NOT NULL AND root_name IS NULL AND root_service_name IS NULL, 'a root that is not there')
FROM pg_temp.row_of('5');
SELECT ok(tenant_id IS NULL, 'of no tenant') FROM pg_temp.row_of('9');

-- Order: the newest traces first, by their latest span; in a trace by start.
SELECT is(pg_temp.found('{}'), '3(6) 2(5) 1(1 3 2 4)', 'the newest trace is first, a trace''s spans go by their start');
SELECT is(pg_temp.found('{} | count() > 0'), '3(6) 2(5) 1(1 3 2 4)', 'also of whole traces');
SELECT is(string_agg(ltrim(span_id, '0') || ':' || (labels ->> 'by(resource.service.name)') || ':' || matched, ' '),
	'1:web:3 3:web:3 2:web:3 4:db:1', 'spansets stay together')
FROM genops_traceql('{} | by(resource.service.name)', since => NULL, tenant_id => 'a') WHERE trace_id LIKE '%1';
SELECT is(string_agg(ltrim(span_id, '0'), ' '), '6 5 1', 'so that LIMIT means something')
FROM (SELECT span_id FROM genops_traceql('{}', since => NULL, tenant_id => 'a') LIMIT 3) t;

-- Limits
SELECT is(pg_temp.found('{}', max_traces => 1), '3(6)', 'the newest trace');
SELECT is(pg_temp.found('{}', max_traces => 2), '3(6) 2(5)', 'the newest two');
SELECT is(pg_temp.found('{ resource.service.name = "web" }', max_traces => 2), '3(6) 1(1 3 2)', 'of those that have something');
SELECT is(pg_temp.found('{}', spans_per_trace => 2), '3(6) 2(5) 1(1 3)', 'the earliest spans of a trace');
SELECT is(pg_temp.found('{} | count() > 0', spans_per_trace => 2), '3(6) 2(5) 1(1 3)', 'also of whole traces');
SELECT is(pg_temp.found('{}', max_traces => 3, spans_per_trace => 1), '3(6) 2(5) 1(1)', 'both');
SELECT is(array_agg(DISTINCT matched), '{1,4}', 'matched counts those that are left out, too')
FROM genops_traceql('{}', since => NULL, tenant_id => 'a', spans_per_trace => 1);

-- Over many segments: each of 40 traces has a span in each of two segments, the later
-- ones in reverse order.
\o /dev/null
SELECT pg_temp.store('many', 'web', pg_temp.span(100 + i, 1000 + i, 1000 + i)) FROM generate_series(1, 40) i;
SELECT pg_temp.store('many', 'web', pg_temp.span(100 + i, 2000 + i, 2000 - i, parent => 1000 + i)) FROM generate_series(1, 40) i;
\o
SELECT is(count(*), 80::bigint, 'many segments') FROM genops.segment WHERE tenant_id = 'many';
CREATE FUNCTION pg_temp.numbered(query text, traces integer) RETURNS TABLE (found text, trace bigint) LANGUAGE sql AS $$
	SELECT row(trace_id, span_id, matched, root_name)::text, dense_rank() OVER (ORDER BY first)
	FROM (SELECT *, min(n) OVER (PARTITION BY trace_id) AS first FROM (
		SELECT *, row_number() OVER () AS n
		FROM genops_traceql(query, since => NULL, tenant_id => 'many', max_traces => traces)) numbered) placed
	ORDER BY n
$$;
CREATE FUNCTION pg_temp.same_with_limit(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((SELECT array_agg(found) FROM pg_temp.numbered(query, traces)),
		(SELECT array_agg(found) FROM pg_temp.numbered(query, NULL) WHERE trace <= traces), format('the newest %s of %s', traces, query))
	FROM unnest(ARRAY[1, 2, 7, 39, 40, 1000]) traces
$$;
SELECT pg_temp.same_with_limit(query) FROM unnest(ARRAY['{}', '{ name =~ "span 10.*" }', '{ nestedSetParent < 0 }', '{} | count() > 1',
	'{ name = "span 1001" } || { name = "span 2040" }', '{ name =~ "span 1.*" } > { name =~ "span 2.*" }']) query;

-- Time: a span counts if some of it is in the range, ends included.
SELECT is(pg_temp.found('{}', start_time => pg_temp.at(101), end_time => pg_temp.at(101)), '2(5)', 'the moment at which a span ends');
SELECT is(pg_temp.found('{}', start_time => pg_temp.at(101.000001), end_time => pg_temp.at(199.999999)), 'none', 'between spans');
SELECT is(pg_temp.found('{}', start_time => pg_temp.at(101.000001), end_time => pg_temp.at(200)), '3(6)', 'the moment at which one starts');
SELECT is(pg_temp.found('{}', start_time => pg_temp.at(5), end_time => pg_temp.at(6)), '1(1)', 'one that goes on all the time');
SELECT is(pg_temp.found('{}', start_time => pg_temp.at(2.5), end_time => pg_temp.at(50)), '1(1 2)', 'a part of a trace');
SELECT is(pg_temp.found('{} | count() = 4', start_time => pg_temp.at(2.5), end_time => pg_temp.at(50)), '1(1 2)',
	'which is looked at as a whole');
SELECT is(pg_temp.found('{}', max_traces => 5, start_time => pg_temp.at(2.5), end_time => pg_temp.at(50)), '1(1 2)', 'with a limit');
SELECT is(pg_temp.found('{}', since => '10 seconds', end_time => pg_temp.at(105)), '2(5)', '"since" counts from the end');
SELECT is(pg_temp.found('{}', since => '10 seconds', start_time => pg_temp.at(0), end_time => pg_temp.at(105)), '2(5) 1(1 3 2 4)',
	'and start_time goes before it');
SELECT is(pg_temp.found('{}', since => '24 hours'), 'none', 'the last 24 hours');
SELECT is(pg_temp.found('{}', end_time => pg_temp.at(0.1)), '1(1)', 'everything up to then');
\o /dev/null
SELECT pg_temp.store('now', 'web', pg_temp.span(6, 10, extract(epoch FROM clock_timestamp() - pg_temp.at(0))::float8 - 1, 1));
\o
SELECT is(count(*), 1::bigint, 'a span of now is found without a range') FROM genops_traceql('{}') WHERE tenant_id = 'now';
SELECT is(pg_temp.found('{}', since => '1 hour', end_time => 'infinity', tenant => 'now'), '6(a)', 'nor with an end that is none');
\o /dev/null
SELECT pg_temp.store('future', 'web', pg_temp.span(8, 12, extract(epoch FROM timestamptz '2099-01-01 00:00:00Z' - pg_temp.at(0))::float8, parent => 1));
\o
SELECT is(pg_temp.found(query, tenant => 'future', start_time => '2099-01-01 00:00:00Z', end_time => '2099-01-01 00:00:01Z', max_traces => traces), '8(c)',
	'one that is dated in the future, ' || query)
FROM (VALUES ('{}', NULL), ('{}', 1), ('{} | count() = 1', NULL)) v (query, traces);

-- Tenants
SELECT is(pg_temp.found('{}', tenant => 'b'), '4(7) 1(8)', 'one tenant''s');
SELECT is(pg_temp.found('{}', tenant => 'b|a'), '3(6) 4(7) 2(5) 1(1 3 2 4 8)', 'several tenants''');
SELECT is(pg_temp.found('{}', tenant => ''), '5(9)', 'nobody''s');
SELECT is(pg_temp.found('{}', tenant => 'nobody'), 'none', 'of a tenant that has none');
SELECT is(pg_temp.found('{ name = "root" } > {}', tenant => 'b'), 'none', 'a trace ends at its tenant''s spans');
SELECT is(pg_temp.found('{ name = "root" } > {}', tenant => 'a|b'), '1(3 2 8)', 'of several they are one');
SELECT ok(root_name IS NULL, 'nor is the root told') FROM genops_traceql('{ span:id = "0000000000000008" }', since => NULL, tenant_id => 'b');

-- Labels
SELECT is(labels, '{"by(status)": "error", "count()": 1}'::jsonb, 'of groups and aggregates')
FROM genops_traceql('{} | by(status) | count() = 1', since => NULL, tenant_id => 'a') WHERE status = 'error';
SELECT is(labels::text, '{"sum(span.f)": 0.5, "max(duration)": "10s"}', 'typed')
FROM genops_traceql('{} | max(duration) > 1s | sum(span.f) > 0', since => NULL, tenant_id => 'a') LIMIT 1;
SELECT is(labels::text, '{"by(span.n)": 7}', 'a number') FROM genops_traceql('{ span.n > 0 } | by(span.n)', since => NULL, tenant_id => 'a');

-- A metrics query's filter, and selecting
SELECT is(pg_temp.found('{ name = "root" } | select(span.x)'), '1(1)', 'select');

-- Errors
CREATE FUNCTION pg_temp.failure(query text, more text DEFAULT 'since => NULL') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE format('SELECT count(*) FROM genops_traceql($1, %s)', more) USING query;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT is(pg_temp.failure('{ .a == 1 }'), $$42601
invalid TraceQL query at column 7: found =, expected an attribute or a value
In the query:
{ .a == 1 }
      ^
Perhaps this is meant: { .a = 1 }$$, 'a syntax error has a column, a caret and the fixed query');
SELECT is(pg_temp.failure('{ .a = "é日" && foo = 2 }'), $$42601
invalid TraceQL query at column 16: found foo, expected an attribute or a value
In the query:
{ .a = "é日" && foo = 2 }
               ^
Perhaps this is meant: { .a = "é日" && .foo = 2 }$$, 'columns are characters');
SELECT matches(pg_temp.failure(E'{ true &&\n  foo }'), 'line 2', 'of several lines the line');
SELECT matches(pg_temp.failure('{ status = "error" }'), E'^22023\n.*column 10.*\n.*\n.*\n *\\^\nPerhaps this is meant: { status = error }', 'a type error');
SELECT matches(pg_temp.failure(''), '^42601', 'no query at all');
SELECT matches(pg_temp.failure(repeat(' ', 131073)), '^54000\n.*131072', 'more than 128 KiB');
SELECT is(pg_temp.failure('{ true }' || repeat(' ', 131064)), 'none', '128 KiB are no error');
SELECT matches(pg_temp.failure('{' || repeat('(', 60000) || 'true' || repeat(')', 60000) || '}'), '^54000\n.*nested', 'nested too deeply');
SELECT matches(pg_temp.failure('{' || repeat('!', 60000) || 'true }'), '^54000\n.*nested', 'also of operators');
SELECT is(pg_temp.failure('{' || repeat('(', 50) || 'true' || repeat(')', 50) || '}'), 'none', '50 levels are no error');
SELECT matches(pg_temp.failure('{ 1 / 0 = 1 }'), '^22012\ndivision by zero', 'division by zero');
SELECT matches(pg_temp.failure('{ .n / 0 = 1 }'), '^22012\ndivision by zero', 'of an attribute');
SELECT matches(pg_temp.failure('{ .n % 0 = 1 } | count() > 1'), '^22012\ndivision by zero', 'in whole traces');
SELECT is(pg_temp.failure('{ !.team }'), 'none', 'a text is no boolean, and no error');
SELECT is(pg_temp.found('{ !.team }'), 'none', 'which finds nothing');
SELECT matches(pg_temp.failure(NULL), '^22004\nthe query is null', 'no query');
SELECT matches(pg_temp.failure('{}', $$since => '-1 hour'$$), '^22023\nthe range of time ends before it starts', 'a negative since');
SELECT matches(pg_temp.failure('{}', 'max_traces => 0'), '^22023\n.*"max_traces": 0', 'no traces');
SELECT matches(pg_temp.failure('{}', 'max_traces => -1'), '^22023\n.*"max_traces": -1', 'less');
SELECT matches(pg_temp.failure('{}', 'spans_per_trace => 0'), '^22023\n.*"spans_per_trace": 0', 'no spans');
SELECT matches(pg_temp.failure('{}', 'source => ''x'''), '^22023\n.*"source": "x"', 'no source');
SELECT matches(pg_temp.failure('{}', 'start_time => ''2026-01-02'', end_time => ''2026-01-01'''), '^22023\n.*ends before it starts', 'a range backwards');
SELECT matches(pg_temp.failure('{}', 'since => ''400000 years'''), '^22008', 'before all times');
SELECT is(pg_temp.failure('{}', 'start_time => ''-infinity'', end_time => ''infinity'''), 'none', 'for ever');
SELECT is(pg_temp.failure('{}', 'end_time => ''-infinity'''), 'none', 'never');

-- A regular expression that would never end
\o /dev/null
SELECT pg_temp.store('regex', 'web', pg_temp.span(7, 11, 1, name => repeat('a', 5000) || '!'));
\o
SELECT matches(pg_temp.failure('{ name =~ "(a*)*(a*)*(a*)*b" }', 'since => NULL, tenant_id => ''regex'''), '^54000\na regular expression', 'a regular expression has a limit');

SELECT * FROM finish();
