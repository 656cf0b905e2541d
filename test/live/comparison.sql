-- Asks both sources the same queries, and compares the answers.
CREATE SCHEMA live;
CREATE TABLE live.query (id int PRIMARY KEY, metrics boolean, text text, start_time timestamptz, end_time timestamptz, step interval);
CREATE TABLE live.failure (query int, source text, state text, message text);
CREATE TABLE live.answer (query int, source text, answer genops.traceql_row);
CREATE INDEX ON live.answer (query, source);

CREATE FUNCTION live.ask(q live.query, asked text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	INSERT INTO live.answer SELECT q.id, asked, r FROM genops_traceql(q.text, start_time => q.start_time, end_time => q.end_time,
		step => q.step, source => asked) r;
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	INSERT INTO live.failure VALUES (q.id, asked, sqlstate, concat_ws(': ', sqlerrm, nullif(detail, '')));
END $$;

-- As equal as doubles that were summed in another order are.
CREATE FUNCTION live.equal(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT a IS NOT DISTINCT FROM b OR abs(a - b) <= 1e-9 * greatest(1, abs(a), abs(b))
$$;

CREATE VIEW live.unequal_span AS
SELECT query, trace_id, span_id, string_agg(source, '+') AS found_in FROM
	(SELECT DISTINCT query, source, (answer).trace_id, (answer).span_id FROM live.answer) a
GROUP BY query, trace_id, span_id HAVING count(*) < 2;

CREATE VIEW live.unequal_point AS
SELECT query, labels, time, l.value AS ledger, t.value AS tempo FROM
	(SELECT query, (answer).* FROM live.answer WHERE source = 'ledger') l FULL JOIN
	(SELECT query, (answer).* FROM live.answer WHERE source = 'tempo') t USING (query, labels, time)
WHERE l.query IS NULL OR t.query IS NULL OR NOT live.equal(l.value, t.value);

-- A missing group is null to the ledger and "nil" to Tempo.
CREATE FUNCTION live.labels(labels jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT jsonb_object_agg(key, CASE value WHEN 'null' THEN '"nil"' ELSE value END) FROM jsonb_each(labels)
$$;

-- Spans with the spanset that they are in, as often as they are.
CREATE VIEW live.unequal_spanset AS
SELECT query, trace_id, span_id, start_time, duration_ms, matched, labels,
	count(*) FILTER (WHERE source = 'ledger') AS ledger, count(*) FILTER (WHERE source = 'tempo') AS tempo
FROM (SELECT query, source, (answer).trace_id, (answer).span_id, (answer).start_time, (answer).duration_ms, (answer).matched,
	live.labels((answer).labels) AS labels FROM live.answer) a
GROUP BY query, trace_id, span_id, start_time, duration_ms, matched, labels
HAVING count(*) FILTER (WHERE source = 'ledger') <> count(*) FILTER (WHERE source = 'tempo');

CREATE VIEW live.single_root AS
SELECT trace_id FROM genops.spans GROUP BY trace_id HAVING count(*) FILTER (WHERE parent_span_id IS NULL) = 1;

-- Columns that both sources know, of spans whose id is theirs alone.
CREATE VIEW live.unequal_column AS
SELECT l.query, l.trace_id, l.span_id, key, to_jsonb(l) -> key AS ledger, to_jsonb(t) -> key AS tempo
FROM (SELECT query, (answer).* FROM live.answer WHERE source = 'ledger') l
JOIN (SELECT query, (answer).* FROM live.answer WHERE source = 'tempo') t USING (query, trace_id, span_id, start_time, duration_ms, labels),
	unnest('{name,kind,status,status_message,service_name,parent_span_id,root_name,root_service_name}'::text[]) key
WHERE to_jsonb(l) -> key <> to_jsonb(t) -> key AND 'null' NOT IN (to_jsonb(l) -> key, to_jsonb(t) -> key)
	AND (key !~ '^root' OR EXISTS (SELECT FROM live.single_root r WHERE r.trace_id = l.trace_id))
	AND (SELECT count(*) FROM genops.spans s WHERE s.trace_id = l.trace_id AND s.span_id = l.span_id) = 1;

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
