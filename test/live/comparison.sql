-- SPDX-License-Identifier: PostgreSQL
-- Asks both sources the same queries, and compares the answers.
CREATE SCHEMA live;
-- "features" are what the spans that are asked for have, see LiveSpans.pm.
CREATE TABLE live.query (id int PRIMARY KEY, features text[], metrics boolean, text text, start_time timestamptz, end_time timestamptz, step interval);
CREATE TABLE live.failure (query int, source text, state text, message text);
CREATE TABLE live.answer (query int, source text, answer genops.traceql_row);
CREATE INDEX ON live.answer (query, source);

-- "asked" is ledger, tempo or written: of Tempo, without anything rewritten.
CREATE FUNCTION live.ask(q live.query, asked text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	INSERT INTO live.answer SELECT q.id, asked, r FROM genops_traceql(q.text, start_time => q.start_time, end_time => q.end_time,
		step => q.step, source => replace(asked, 'written', 'tempo'), verbatim => asked = 'written') r;
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	INSERT INTO live.failure VALUES (q.id, asked, sqlstate, concat_ws(': ', sqlerrm, nullif(detail, '')));
END $$;

-- As equal as doubles that were summed in another order are.
CREATE FUNCTION live.equal(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT a IS NOT DISTINCT FROM b OR abs(a - b) <= 1e-9 * greatest(1, abs(a), abs(b))
$$;

-- Searches

CREATE MATERIALIZED VIEW live.unequal_span AS
SELECT query, trace_id, span_id, string_agg(source, '+') AS found_in FROM
	(SELECT DISTINCT query, source, (answer).trace_id, (answer).span_id FROM live.answer WHERE source <> 'written' AND (answer).trace_id IS NOT NULL) a
GROUP BY query, trace_id, span_id HAVING count(*) < 2
WITH NO DATA;

-- A missing group is null to the ledger and "nil" to Tempo; sums are as equal as
-- doubles that were summed in another order are.
CREATE FUNCTION live.labels(labels jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_object_agg(key, CASE WHEN value = 'null' THEN '"nil"'
	WHEN jsonb_typeof(value) = 'number' AND key ~ '^(sum|avg)\(' THEN to_jsonb(to_char(value::float8, '9.999999999EEEE'))
	ELSE value END) FROM jsonb_each(labels)
$$;

-- Spans with the spanset that they are in, as often as they are.
CREATE MATERIALIZED VIEW live.unequal_spanset AS
SELECT query, trace_id, span_id, start_time, duration_ms, matched, labels,
	count(*) FILTER (WHERE source = 'ledger') AS ledger, count(*) FILTER (WHERE source = 'tempo') AS tempo
FROM (SELECT query, source, (answer).trace_id, (answer).span_id, (answer).start_time, (answer).duration_ms, (answer).matched,
	live.labels((answer).labels) AS labels
	FROM live.answer WHERE (answer).trace_id IS NOT NULL) a
GROUP BY query, trace_id, span_id, start_time, duration_ms, matched, labels
HAVING count(*) FILTER (WHERE source = 'ledger') <> count(*) FILTER (WHERE source = 'tempo')
WITH NO DATA;

-- Spans whose id is theirs alone, and whether their trace has one root.
CREATE MATERIALIZED VIEW live.span AS
SELECT trace_id, span_id, one_root FROM
	(SELECT trace_id, span_id, count(*) AS spans, sum(count(*) FILTER (WHERE parent_span_id IS NULL)) OVER (PARTITION BY trace_id) = 1 AS one_root
	FROM genops.spans GROUP BY trace_id, span_id) each
WHERE spans = 1
WITH NO DATA;

-- Columns that both sources know.
CREATE MATERIALIZED VIEW live.unequal_column AS
SELECT query, trace_id, span_id, key, l -> key AS ledger, t -> key AS tempo
FROM (SELECT query, (answer).trace_id, (answer).span_id, live.labels((answer).labels)::text AS labels, to_jsonb(answer) AS l
		FROM live.answer WHERE source = 'ledger' AND (answer).trace_id IS NOT NULL) l
JOIN (SELECT query, (answer).trace_id, (answer).span_id, live.labels((answer).labels)::text AS labels, to_jsonb(answer) AS t
		FROM live.answer WHERE source = 'tempo' AND (answer).trace_id IS NOT NULL) t USING (query, trace_id, span_id)
JOIN live.span USING (trace_id, span_id),
	unnest('{name,kind,status,status_message,service_name,parent_span_id,root_name,root_service_name}'::text[]) key
WHERE l.labels IS NOT DISTINCT FROM t.labels AND l -> key <> t -> key AND 'null' NOT IN (l -> key, t -> key) AND (key !~ '^root' OR one_root)
WITH NO DATA;

-- Metrics

-- As text, in which 1 and 1.0 differ; of the functions' own labels they do not.
CREATE FUNCTION live.series(labels jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT string_agg(format('%s=%s', key, CASE WHEN key IN ('p', '__bucket') THEN ((value #>> '{}')::float8)::text ELSE value::text END), ' ' ORDER BY key)
FROM jsonb_each(labels)
$$;

CREATE MATERIALIZED VIEW live.point AS
SELECT query, source, live.series((answer).labels) AS series, (answer).time, (answer).value FROM live.answer WHERE source <> 'written' AND (answer).value IS NOT NULL
WITH NO DATA;
CREATE INDEX ON live.point (query);

CREATE MATERIALIZED VIEW live.unequal_point AS
SELECT query, series, time, l.value AS ledger, t.value AS tempo FROM
	(SELECT query, series, time, array_agg(value ORDER BY value) AS value FROM live.point WHERE source = 'ledger' GROUP BY 1, 2, 3) l FULL JOIN
	(SELECT query, series, time, array_agg(value ORDER BY value) AS value FROM live.point WHERE source = 'tempo' GROUP BY 1, 2, 3) t USING (query, series, time)
WHERE l.value IS NULL OR t.value IS NULL OR cardinality(l.value) <> cardinality(t.value)
	OR EXISTS (SELECT FROM unnest(l.value, t.value) v(a, b) WHERE NOT live.equal(a, b))
WITH NO DATA;

-- The series that differ are of zeros alone, and only one source has them.
CREATE FUNCTION live.only_zeros(asked int) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT bool_and((ledger IS NULL OR tempo IS NULL) AND 0 = ALL (coalesce(ledger, tempo))) AND NOT EXISTS (
	SELECT FROM live.point p JOIN live.unequal_point USING (query, series) WHERE query = asked AND p.value <> 0)
FROM live.unequal_point WHERE query = asked
$$;

-- What arithmetic with a number makes of zeros: the same at all times.
CREATE FUNCTION live.constant_in_tempo(asked int) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT bool_and(least = greatest) FROM
	(SELECT min(value) AS least, max(value) AS greatest FROM live.unequal_point, unnest(tempo) value WHERE query = asked GROUP BY series) each
$$;

-- Tempo has zeros of such series among the least values; or a series of such zeros in an operand,
-- so that those of the other one, which all are in Tempo alone, meet it.
CREATE FUNCTION live.beside_zeros(asked int, text text) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT CASE
	WHEN text ~ 'bottomk\(\d+\) [<=>!]' THEN bool_and(tempo IS NULL)
	WHEN text ~ '(rate|count_over_time|histogram_over_time)\(.*\) [-+*/] -?\.?\d' THEN bool_and(ledger IS NULL) AND live.constant_in_tempo(asked)
	WHEN text ~ 'bottomk\(' THEN bool_and((ledger IS NULL OR tempo IS NULL) AND (tempo IS NULL OR 0 = ALL (tempo))) AND bool_or(tempo IS NOT NULL)
	WHEN text ~ '((rate|count_over_time)\(\).*\) [-+*/] \(|\) [-+*/] \(.*(rate|count_over_time)\(\))' THEN bool_and(ledger IS NULL)
	END
FROM live.unequal_point WHERE query = asked
$$;

-- At each time there are the same values, if of other series.
CREATE FUNCTION live.same_values(asked int) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT count(*) = 0 FROM
	(SELECT time, row_number() OVER (PARTITION BY time ORDER BY value) AS n, value FROM live.point WHERE query = asked AND source = 'ledger') l FULL JOIN
	(SELECT time, row_number() OVER (PARTITION BY time ORDER BY value) AS n, value FROM live.point WHERE query = asked AND source = 'tempo') t USING (time, n)
WHERE l.value IS NULL OR t.value IS NULL OR NOT live.equal(l.value, t.value)
$$;

-- Points of compare() that differ beyond this: Tempo counts twice what the query mentions
-- (with one attribute of a link or event the others); keeps one of several arrays; has "nil" for its dedicated columns and a
-- "span:multiplier" when it extrapolates; and of values that are as frequent any may be
-- among the first.
CREATE FUNCTION live.compare_unequal(asked int, text text) RETURNS TABLE (series text, "time" timestamptz, ledger float8, tempo float8)
LANGUAGE sql STABLE AS $$
SELECT series, time, ledger, tempo
FROM (SELECT series, time, ledger[1] AS ledger, tempo[1] AS tempo,
	btrim(regexp_replace(regexp_replace(series, '__meta_type="\w+"', ''), '=.*', '', 's')) AS key
	FROM live.unequal_point WHERE query = asked) u
WHERE NOT (position(regexp_replace(key, '^(span|resource|event|link|instrumentation)\.', '') IN text) > 0
	OR (key = 'rootServiceName' AND text ~ 'trace:rootService') OR (key ~ '^event[.:]' AND text ~ 'event[.:]') OR (key ~ '^link[.:]' AND text ~ 'link[.:]')
	OR (series ~ '="nil"$' AND key ~ '\.(nums|reals|tags|flags|mix|odd|zones|ev)$' AND
		(SELECT 'arrays' = ANY (features) FROM live.query WHERE id = asked))
	OR (key = 'span:multiplier' AND text ~ 'extrapolate=true')
	OR series ~ '(k8s|http|server|url)\S*="nil"' OR (series !~ '_total' AND text !~ ', 1000\)'))
$$;

CREATE FUNCTION live.compare_known(asked int, text text) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT count(*) = 0 FROM live.compare_unequal(asked, text)
$$;

-- compare() counts the same, if not on the same side: its own filter sees neither events, links,
-- ids nor nested sets unless the query reads them before, takes nothing for nil, and is not met
-- where a part of it cannot be computed.
CREATE FUNCTION live.compare_selects(asked int, text text) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT text ~ 'compare\(.*(event[.:]|link[.:]|span:id|span:parentID|nestedSet|nil|[-+*/%^])' AND bool_and(same)
FROM (SELECT live.equal(sum(ledger), sum(tempo)) AS same FROM
	(SELECT btrim(regexp_replace(series, '__meta_type="(baseline|selection)(_total)?"', '\2')) AS series, time,
		coalesce(ledger, 0) AS ledger, coalesce(tempo, 0) AS tempo FROM live.compare_unequal(asked, text)) u
	GROUP BY series, time) s
$$;

-- Verdicts

CREATE VIEW live.verdict AS
SELECT q.*, CASE
	WHEN l.query IS NOT NULL AND t.query IS NOT NULL THEN 'both refuse'
	WHEN l.query IS NOT NULL THEN 'ledger refuses'
	WHEN t.query IS NOT NULL THEN 'tempo refuses'
	WHEN q.metrics AND EXISTS (SELECT FROM live.unequal_point u WHERE u.query = q.id) THEN 'series differ'
	WHEN NOT q.metrics AND EXISTS (SELECT FROM live.unequal_span u WHERE u.query = q.id) THEN 'spans differ'
	WHEN NOT q.metrics AND EXISTS (SELECT FROM live.unequal_spanset u WHERE u.query = q.id) THEN 'spansets differ'
	WHEN NOT q.metrics AND EXISTS (SELECT FROM live.unequal_column u WHERE u.query = q.id) THEN 'columns differ'
	ELSE 'equal' END AS verdict,
	l.message AS ledger_says, t.message AS tempo_says
FROM live.query q
LEFT JOIN live.failure l ON l.query = q.id AND l.source = 'ledger'
LEFT JOIN live.failure t ON t.query = q.id AND t.source = 'tempo';

-- The reasons in docs/traceql.md.  What the spans must have to cause a difference
-- is part of its reason: without that it is none.
CREATE FUNCTION live.known(v live.verdict) RETURNS text LANGUAGE sql STABLE AS $$
SELECT CASE
	WHEN v.verdict IN ('equal', 'both refuse') THEN NULL
	WHEN v.verdict = 'tempo refuses' THEN CASE
		WHEN v.tempo_says ~ 'operator not supported for IDs' AND v.text ~ '(trace:id|span:id|span:parentID|link:traceID|link:spanID)' THEN 'order of ids'
		WHEN v.tempo_says ~ 'traces\[\d+\].traceID' AND v.text ~ 'trace:id' THEN 'ids'
		WHEN v.tempo_says ~ 'col 1\d\d\d: syntax error: unexpected \$end' THEN 'a number in the 1,024th byte'
		WHEN v.tempo_says ~ '(division|modulo) by zero' THEN 'division by zero'
		WHEN v.tempo_says ~ 'spanset operators are not supported for multiple spansets' THEN 'several spansets'
		WHEN v.tempo_says ~ 'expected a numeric, but got' AND v.text ~ '(by|min|max|avg|sum)\(-' THEN 'minus in an aggregate'
		-- For metrics Tempo also computes of spans beside the range, another round's.
		WHEN ('arrays' = ANY (v.features) OR v.metrics AND EXISTS (SELECT FROM live.query q WHERE 'arrays' = ANY (q.features))) AND
			v.tempo_says ~ '(unsupported operation|unexpected numbers of pre-compiled regexp|array operators must)' THEN 'arrays'
		END
	WHEN v.verdict = 'ledger refuses' THEN CASE
		WHEN v.ledger_says ~ 'division by zero' THEN 'division by zero'
		WHEN v.ledger_says ~ 'several spansets' AND v.text ~ 'by\([^)]*= nil' THEN 'nil in by()'
		WHEN v.ledger_says ~ 'several spansets' AND 'events' = ANY (v.features) AND v.text ~ '(event|link)[.:]' THEN 'several events or links' END
	WHEN v.text ~ '(topk|bottomk)\(' AND live.same_values(v.id) THEN 'ties'
	WHEN v.metrics AND (live.only_zeros(v.id) OR live.beside_zeros(v.id, v.text)) THEN 'series of zeros'
	WHEN v.text ~ '(sum|avg|min|max)\(event:timeSinceStart' THEN 'times without events'
	WHEN v.text ~ 'compare\(' AND live.compare_known(v.id, v.text) THEN 'compare()'
	WHEN v.text ~ 'compare\(' AND live.compare_selects(v.id, v.text) THEN 'the selection of compare()'
	WHEN 'mixed' = ANY (v.features) AND v.text ~ 'sum_over_time\(' THEN 'sums with texts'
	WHEN v.text ~ 'by ?\(([^()]*, )?(event|link)[:.]' THEN 'labels without event or link'
	WHEN 'mixed' = ANY (v.features) AND v.text ~ '(sum|avg|min|max)\([^|]*(mix|both|größe|odd|status_code|ev|lv)\M' THEN 'texts in aggregates'
	WHEN v.text ~ '(sum|avg|min|max)\([^()]*( [-+*/%^] |-)' THEN 'aggregates of expressions'
	WHEN v.text ~ 'avg\((resource\.|span\.|\.|event\.|link\.|nestedSetParent|instrumentation\.)' THEN 'avg() of negative numbers'
	WHEN v.text ~ '&(>>|<<).*&(>>|<<)' THEN '&>> within &>>'
	WHEN 'events' = ANY (v.features) AND v.text ~ '(event|link)[.:]' THEN 'several events or links'
	WHEN v.text ~ '((event|link)\.\S+ (=|!=|[<>]=?) -?[\d.]|[\ds] (=|!=|[<>]=?) (event|link)\.)' AND
		NOT EXISTS (SELECT FROM live.unequal_span u WHERE u.query = v.id AND u.found_in = 'tempo') THEN 'numbers of events or links'
	WHEN v.text ~ 'quantile_over_time.*extrapolate' THEN 'extrapolated quantiles'
	WHEN v.text ~ 'by\([^)]*= nil' THEN 'nil in by()'
	WHEN v.text ~ '((span:id|span:parentID|link:spanID) !?= .0|.0[0-9a-f]{15}. !?= (span:id|span:parentID|link:spanID))' THEN 'ids with leading zeros'
	WHEN v.text ~ '((event|link)\.\S+ = nil|nil = (event|link)\.)' THEN 'nil of events or links'
	WHEN v.text ~ 'nestedSet' THEN 'numbers of nested sets'
	WHEN 'events' = ANY (v.features) AND v.text ~ '(event|link)[.:]' THEN 'several events or links'
	WHEN 'arrays' = ANY (v.features) AND v.text ~ '\.(nums|reals|tags|flags|mix|odd|zones|ev|both)\M' THEN 'arrays'
	WHEN 'dedicated' = ANY (v.features) AND v.text ~ '(http\.|server\.port|k8s)' THEN 'dedicated columns'
	END
$$;

CREATE INDEX ON live.unequal_point (query);

-- That Tempo gives the ledger's answer to what was written, so that rewriting did it.
CREATE FUNCTION live.rows(asked int, of text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
SELECT CASE WHEN (answer).value IS NOT NULL THEN format('%s %s %s', live.series((answer).labels), (answer).time, to_char((answer).value, '9.9999999EEEE'))
	ELSE format('%s %s %s %s', (answer).trace_id, (answer).span_id, (answer).matched, live.labels((answer).labels)) END
FROM live.answer WHERE query = asked AND source = of
$$;
CREATE MATERIALIZED VIEW live.right_as_written AS
SELECT v.id FROM live.verdict v
WHERE v.verdict NOT IN ('equal', 'both refuse') AND NOT EXISTS (SELECT FROM live.failure f WHERE f.query = v.id AND f.source IN ('ledger', 'written'))
	AND EXISTS (SELECT FROM live.answer WHERE query = v.id AND source = 'ledger')
	AND NOT EXISTS (SELECT * FROM live.rows(v.id, 'ledger') EXCEPT ALL SELECT * FROM live.rows(v.id, 'written'))
	AND NOT EXISTS (SELECT * FROM live.rows(v.id, 'written') EXCEPT ALL SELECT * FROM live.rows(v.id, 'ledger'))
WITH NO DATA;

-- No reason excuses what was right as it was written.
CREATE MATERIALIZED VIEW live.judged AS
SELECT v.*, CASE WHEN v.id IN (SELECT id FROM live.right_as_written) THEN NULL ELSE live.known(v) END AS known,
	v.id IN (SELECT id FROM live.right_as_written) AS right_as_written
FROM live.verdict v
WITH NO DATA;

-- Once all is asked.
CREATE FUNCTION live.judge() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	ANALYZE live.query, live.answer, live.failure;
	REFRESH MATERIALIZED VIEW live.unequal_span;
	REFRESH MATERIALIZED VIEW live.unequal_spanset;
	REFRESH MATERIALIZED VIEW live.span;
	ANALYZE live.span;
	REFRESH MATERIALIZED VIEW live.unequal_column;
	REFRESH MATERIALIZED VIEW live.point;
	ANALYZE live.point;
	REFRESH MATERIALIZED VIEW live.unequal_point;
	ANALYZE live.unequal_span, live.unequal_spanset, live.unequal_column, live.unequal_point;
	PERFORM live.ask(q, 'written') FROM live.verdict v JOIN live.query q USING (id) WHERE v.verdict NOT IN ('equal', 'both refuse');
	ANALYZE live.answer, live.failure;
	REFRESH MATERIALIZED VIEW live.right_as_written;
	REFRESH MATERIALIZED VIEW live.judged;
END $$;
