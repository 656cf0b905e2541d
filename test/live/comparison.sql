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

-- What else a row of a search says, as often as it says it.
CREATE VIEW live.unequal_row AS
SELECT * FROM (
	SELECT query, (r).trace_id, (r).span_id, (r).matched, (r).labels, (r).name, (r).kind, (r).status, (r).status_message, (r).service_name,
		(r).parent_span_id, (r).root_name, (r).root_service_name, (r).start_time, (r).duration_ms,
		count(*) FILTER (WHERE source = 'ledger') AS ledger, count(*) FILTER (WHERE source = 'tempo') AS tempo
	FROM (SELECT query, source, answer AS r FROM live.answer) a
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) each
WHERE ledger <> tempo;

CREATE VIEW live.verdict AS
SELECT q.*, CASE
	WHEN l.query IS NOT NULL AND t.query IS NOT NULL THEN 'both refuse'
	WHEN l.query IS NOT NULL THEN 'ledger refuses'
	WHEN t.query IS NOT NULL THEN 'tempo refuses'
	WHEN q.metrics AND EXISTS (SELECT FROM live.unequal_point u WHERE u.query = q.id) THEN 'series differ'
	WHEN NOT q.metrics AND EXISTS (SELECT FROM live.unequal_span u WHERE u.query = q.id) THEN 'spans differ'
	WHEN NOT q.metrics AND EXISTS (SELECT FROM live.unequal_row u WHERE u.query = q.id) THEN 'rows differ'
	ELSE 'equal' END AS verdict,
	l.message AS ledger_says, t.message AS tempo_says
FROM live.query q
LEFT JOIN live.failure l ON l.query = q.id AND l.source = 'ledger'
LEFT JOIN live.failure t ON t.query = q.id AND t.source = 'tempo';
