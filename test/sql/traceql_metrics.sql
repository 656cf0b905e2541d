-- SPDX-License-Identifier: PostgreSQL
-- genops_traceql: series of metrics queries.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT no_plan();

-- At 2026-01-02 03:00 and so many seconds.
CREATE FUNCTION pg_temp.at(seconds double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
	$$ SELECT timestamptz '2026-01-02 03:00:00Z' + seconds * interval '1 second' $$;
CREATE FUNCTION pg_temp.span(start double precision, duration double precision, attributes jsonb, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('traceId', md5(random()::text), 'spanId', left(md5(random()::text), 16), 'name', 'step',
		'startTimeUnixNano', (extract(epoch FROM pg_temp.at(start)) * 1000000000)::bigint::text,
		'endTimeUnixNano', (extract(epoch FROM pg_temp.at(start + duration)) * 1000000000)::bigint::text,
		'attributes', (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'value', jsonb_build_object(
			CASE jsonb_typeof(value) WHEN 'string' THEN 'stringValue' WHEN 'boolean' THEN 'boolValue' ELSE
				CASE WHEN value::text LIKE '%.%' THEN 'doubleValue' ELSE 'intValue' END END, value))), '[]') FROM jsonb_each(attributes))) || more
$$;
-- Stores what others made.
CREATE FUNCTION pg_temp.store(tenant text, VARIADIC spans jsonb[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	count bigint;
BEGIN
	PERFORM set_config('genops.tenant_id', tenant, true);
	SELECT accepted INTO count FROM genops_ingest(jsonb_build_object('resourceSpans', jsonb_build_array(jsonb_build_object(
		'scopeSpans', jsonb_build_array(jsonb_build_object('spans', to_jsonb(spans)))))));
	PERFORM set_config('genops.tenant_id', '', true);
	PERFORM genops_flush('stored');
	RETURN count;
END $$;
-- Series as "labels: second=value ...", a line each.
CREATE FUNCTION pg_temp.series(query text, step interval DEFAULT NULL, start_second float8 DEFAULT 0, end_second float8 DEFAULT 120,
	tenant text DEFAULT 'a') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s: %s', coalesce(nullif(regexp_replace(labels::text, '[{}"]', '', 'g'), ''), '-'), points), E'\n' ORDER BY place) FROM (
		SELECT labels, min(n) AS place,
			string_agg(extract(epoch FROM "time" - pg_temp.at(0))::float8 || '=' || round(value::numeric, 6)::float8, ' ' ORDER BY n) AS points
		FROM (SELECT *, row_number() OVER () AS n FROM genops_traceql(query, step => step, start_time => pg_temp.at(start_second),
			end_time => pg_temp.at(end_second), tenant_id => tenant)) numbered
		GROUP BY labels) series
$$;

SELECT is(pg_temp.series('{} | rate()', '60 seconds'), '__name__: rate: 0=0 60=0 120=0', 'an empty ledger has a series of zeros');
SELECT is(pg_temp.series('{} | rate() by (name)', '60 seconds'), NULL, 'or, in groups, none');
SELECT is(pg_temp.series('{} | sum_over_time(.v)', '60 seconds'), NULL, 'and no sums');
SELECT is(count(*) > 0 AND min(value) = 0 AND max(value) = 0, true, 'over all times') FROM genops_traceql('{} | rate()', since => NULL);

SELECT is(pg_temp.store('a',
	pg_temp.span(0, 1, '{"g": "x", "v": 1}'),
	pg_temp.span(30, 2, '{"g": "x", "v": 2, "f": 0.5}', '{"status": {"code": 2}}'),
	pg_temp.span(60, 4, '{"g": "y", "v": 3}'),
	pg_temp.span(60.000001, 8, '{"g": true, "v": 4}'),
	pg_temp.span(119, 16, '{"g": 7, "v": 5}'),
	pg_temp.span(121, 1, '{"g": 2.0}')), 6::bigint, 'spans');

-- Buckets are (t - step, t], and one more stands before the start.
SELECT is(pg_temp.series('{} | count_over_time()', '60 seconds'), '__name__: count_over_time: 0=1 60=2 120=2', 'the right edge belongs to a bucket');
SELECT is(pg_temp.series('{} | count_over_time()', '60 seconds', 30, 119), '__name__: count_over_time: 0=1 60=2 120=2', 'the range is rounded to steps');
SELECT is(pg_temp.series('{} | rate()', '60 seconds'), '__name__: rate: 0=0.016667 60=0.033333 120=0.033333', 'rate is per second');
SELECT is(pg_temp.series('{} | count_over_time()', '0'), '__name__: count_over_time: 120=4', 'step 0 is one value over (start, end]');
SELECT is(pg_temp.series('{} | count_over_time()', '0', 0, 121), '__name__: count_over_time: 121=5', 'ends included');
SELECT is(pg_temp.series('{} | rate()', '0'), '__name__: rate: 120=0.033333', 'of which a rate is per second');

-- Functions
SELECT is(pg_temp.series('{} | sum_over_time(.v)', '60 seconds'), '__name__: sum_over_time: 0=1 60=5 120=9', 'sum');
SELECT is(pg_temp.series('{} | min_over_time(.v)', '60 seconds'), '__name__: min_over_time: 0=1 60=2 120=4', 'min');
SELECT is(pg_temp.series('{} | max_over_time(.v)', '60 seconds'), '__name__: max_over_time: 0=1 60=3 120=5', 'max');
SELECT is(pg_temp.series('{} | avg_over_time(.v)', '60 seconds'), '__name__: avg_over_time: 0=1 60=2.5 120=4.5', 'avg');
SELECT is(pg_temp.series('{} | sum_over_time(.f)', '60 seconds'), '__name__: sum_over_time: 60=0.5', 'a bucket without values has no row');
SELECT is(pg_temp.series('{} | max_over_time(duration)', '0'), '__name__: max_over_time: 120=16', 'durations are seconds');
SELECT is(pg_temp.series('{} | histogram_over_time(.v)', '0'), E'__bucket: 2.0: 120=1\n__bucket: 4.0: 120=2\n__bucket: 8.0: 120=1', 'histogram');
SELECT is(pg_temp.series('{} | quantile_over_time(duration, 0.5, 1)', '0'), E'p: 0.5: 120=4.294967\np: 1.0: 120=17.179869', 'quantile');
SELECT is(pg_temp.series('{} | count_over_time() by (status)', '0'), E'status: error: 120=1\nstatus: unset: 120=3', 'groups');
SELECT is(pg_temp.series('{} | count_over_time() by (status) | topk(1)', '0'), 'status: unset: 120=3', 'topk');
SELECT is(pg_temp.series('{} | count_over_time() by (status) > 1', '0'), 'status: unset: 120=3', 'a second filter');
SELECT is(pg_temp.series('({} | sum_over_time(.v)) / ({} | count_over_time())', '0'), '__name__: (sum_over_time / count_over_time): 120=3.5', 'arithmetic');
SELECT is(pg_temp.series('100 * ({ status = error } | count_over_time()) / ({} | count_over_time())', '0'),
	'__name__: (count_over_time / count_over_time): 120=25', 'the share of errors in percent');
SELECT is(pg_temp.series('{} | count() > 0 | rate()', '60 seconds'), pg_temp.series('{} | rate()', '60 seconds'), 'what whole traces decide');

-- Labels have types.
SELECT is(array_agg(labels::text), '{"{\".g\": true}","{\".g\": 2.0}","{\".g\": 7}","{\".g\": \"x\"}","{\".g\": \"y\"}"}', 'in their order')
FROM genops_traceql('{} | count_over_time() by (.g)', step => '0', start_time => pg_temp.at(-1), end_time => pg_temp.at(130), tenant_id => 'a');
SELECT is(pg_temp.series('{} | count_over_time() by (.nope, .g)', '0', 100, 121), E'.g: 2.0: 121=1\n.g: 7: 121=1', 'one that is missing is left out');
SELECT is(pg_temp.series('{} | count_over_time() by (.nope)', '0'), '.nope: nil: 120=4', 'unless there is no other');

-- Nothing else than labels, time and value is there.
SELECT ok(bool_and(trace_id IS NULL AND span_id IS NULL AND tenant_id IS NULL AND name IS NULL AND start_time IS NULL AND duration IS NULL
	AND attributes IS NULL AND matched IS NULL AND labels IS NOT NULL AND "time" IS NOT NULL AND value IS NOT NULL), 'the columns of a point')
FROM genops_traceql('{} | rate()', step => '1 minute', start_time => pg_temp.at(0), end_time => pg_temp.at(120));

-- What a user evidently means
SELECT is(pg_temp.series('{} | sum(.v) by (status)'), E'status: error: 120=2\nstatus: unset: 120=12', 'an aggregate is one value of the whole range');
SELECT is(pg_temp.series('{} | count()'), '__name__: count_over_time: 120=4', 'a count');
SELECT is(pg_temp.series('{} | quantile(.duration, 0.5)', '0'), 'p: 0.5: 120=4.294967', 'a quantile');
SELECT is(pg_temp.series('{} | sum(.v) by (status)', '60 seconds'), pg_temp.series('{} | sum_over_time(.v) by (status)', '60 seconds'), 'unless a step is given');
SELECT throws_ok($$ SELECT * FROM genops_traceql('{} | sum(.v) by (status)', "verbatim" => true) $$, '42601', NULL, 'verbatim it is an error');

-- The default step is about a 240th of the range.
CREATE FUNCTION pg_temp.default_step(query_range interval) RETURNS interval LANGUAGE sql AS $$
	SELECT min(step) FROM (SELECT "time" - lag("time") OVER (ORDER BY "time") AS step
		FROM genops_traceql('{} | rate()', start_time => pg_temp.at(0), end_time => pg_temp.at(0) + query_range)) steps
$$;
SELECT is(pg_temp.default_step(r), step, 'the default step of ' || r)
FROM (VALUES (interval '10 seconds', interval '50 ms'), ('5 minutes', '1 second'), ('1 hour', '15 seconds'), ('24 hours', '5 minutes'),
	('30 days', '3 hours')) v (r, step);
SELECT ok(count(*) BETWEEN 20 AND 300, 'the default range and step give a plot') FROM genops_traceql('{} | rate()');

-- Without a start it is the first span.
SELECT is(sum(value), 6::float8, 'since => NULL counts all') FROM genops_traceql('{} | count_over_time()', since => NULL, step => '1 day', tenant_id => 'a');
SELECT is(value, 6::float8, 'in one value') FROM genops_traceql('{} | count_over_time()', since => NULL, step => '0', tenant_id => 'a');
SELECT is(value, 4::float8, 'up to an end') FROM genops_traceql('{} | count_over_time()', since => NULL, end_time => pg_temp.at(100), step => '0', tenant_id => 'a');

-- Of the last hour, a rate is by 3600 seconds.
SELECT genops_track('openai', 'gpt-4o', tenant_id => 'now') FROM generate_series(1, 3) \g /dev/null
SELECT is(value, 3 / 3600.0::float8, 'the last hour has 3600 seconds') FROM genops_traceql('{} | rate()', since => '1 hour', step => '0', tenant_id => 'now');
SELECT is(sum(value), 3::float8, 'and ends now') FROM genops_traceql('{} | count_over_time()', since => '1 hour', tenant_id => 'now', end_time => 'infinity');

-- Errors
CREATE FUNCTION pg_temp.failure(query text, more text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE format('SELECT count(*) FROM genops_traceql($1, %s)', more) USING query;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', SQLSTATE, SQLERRM, nullif(hint, ''));
END $$;
SELECT is(pg_temp.failure('{} | rate()', $$ since => '24 hours', step => '1 second' $$), $$54000
a step of 1000 ms is too short: a series has at most 10000 points
For this time range a step is at least 8642 ms.$$, 'too many points');
SELECT is(pg_temp.failure('{} | rate()', $$ since => '24 hours', step => '8642 ms' $$), 'none', 'what the hint says is enough');
SELECT matches(pg_temp.failure('{} | rate()', $$ step => '-1 second' $$), '^22023\ninvalid value for parameter "step"', 'a negative step');
SELECT matches(pg_temp.failure('{} | rate()', $$ start_time => '1960-01-01', step => '0' $$), '^22023\n.*1970', 'before 1970');
SELECT matches(pg_temp.failure('{} | rate()', $$ start_time => '2026-01-01', end_time => '2026-01-01', step => '0' $$), '^22023\n.*not after its start', 'an empty range');
SELECT matches(pg_temp.failure('{} | rate() by (.a, .b, .c, .d, .e, .f)', $$ step => '0' $$), '^22023', 'six groups');
SELECT matches(pg_temp.failure('{} | sum_over_time(.v / 0)', $$ step => '0' $$), '^42601', 'an expression is no attribute');
SELECT matches(pg_temp.failure('{ .v / 0 = 1 } | rate()', $$ since => NULL, step => '0' $$), '^22012\ndivision by zero', 'division by zero');

-- More series than memory should be asked for
SELECT is(pg_temp.store('series', VARIADIC array_agg(pg_temp.span(i / 1000.0, 1, jsonb_build_object('i', i)))), 5000::bigint, 'many groups')
FROM generate_series(1, 5000) i;
SELECT is(count(*), 5000::bigint, '5000 series are no error')
FROM genops_traceql('{} | count_over_time() by (.i)', start_time => pg_temp.at(0), end_time => pg_temp.at(60), step => '0', tenant_id => 'series');
SELECT matches(pg_temp.failure('{} | count_over_time() by (.i)', format($$ start_time => %L, end_time => %L, step => '7 ms', tenant_id => 'series' $$,
	pg_temp.at(0), pg_temp.at(60))), '^54000\n.*too many groups times points', 'too many series and points');

SELECT * FROM finish();
