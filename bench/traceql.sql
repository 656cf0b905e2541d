-- SPDX-License-Identifier: PostgreSQL
-- TraceQL over one-span traces that began within an hour: the ledger's times and,
-- where there is a Tempo that got the same spans, its own.
-- psql sets spans, and otlp and tempo ('' for none).
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;

SELECT :'otlp' <> '' AS has_tempo \gset
\if :has_tempo
SELECT count(*) FROM genops_configure(endpoint => :'tempo', otlp_endpoint => :'otlp', timeout => 120) \g /dev/null
\endif

SELECT count(genops_track(provider => 'openai', model => 'gpt-4o-' || i % 7, operation => 'chat',
        prompt_tokens => 100 + i % 1999, completion_tokens => 10 + i % 499,
        total_cost => (i % 9973) * 0.0000125, team => (ARRAY['platform', 'research', 'support', 'search', 'sales'])[1 + i % 5],
        project => 'assistant-' || i % 20, customer_id => 'cust-' || i % 550, cost_center => 'engineering',
        environment => 'production', feature => 'summary',
        started_at => now() - (:spans - i) * (interval '1 hour' / :spans), duration => (1 + i * 31 % 3000) * interval '1 ms',
        error => CASE WHEN i % 50 = 0 THEN 'rate limit' END, attributes => jsonb_build_object('session', i % 1000)))
FROM generate_series(1, :spans) AS i \g /dev/null
SELECT complete FROM genops_flush(CASE WHEN :'otlp' = '' THEN 'stored' ELSE 'exported' END, 600) \g /dev/null
VACUUM ANALYZE genops.ledger_span;
VACUUM ANALYZE genops.ledger_segment;

CREATE TABLE bench_query (number int, what text, query text, max_traces int, step interval);
INSERT INTO bench_query VALUES
    (1, 'a team''s calls, 20', '{.team="platform"}', 20, NULL),
    (2, 'expensive calls, 20', '{.genops.cost.total_cost > 0.05}', 20, NULL),
    (3, 'errors of a team, 20', '{status=error && .team="platform"}', 20, NULL),
    (4, 'a customer''s calls, 20', '{.customer_id="cust-77"}', 20, NULL),
    (5, 'a customer''s calls, all', '{.customer_id="cust-77"}', NULL, NULL),
    (6, 'no team of that name', '{.team="nosuch"}', NULL, NULL),
    (7, 'an attribute without a column, no match', '{.session="nosuch"}', NULL, NULL),
    (8, 'an attribute without a column, 1 in 1,000', '{.session=77}', NULL, NULL),
    (9, 'cost by team', '{} | sum_over_time(.genops.cost.total_cost) by (.team)', NULL, '0'),
    (10, 'cost by team, 60 points', '{} | sum_over_time(.genops.cost.total_cost) by (.team)', NULL, '1 min'),
    (11, 'p95 of duration by model', '{} | quantile_over_time(duration, .95) by (.genops.model)', NULL, '0'),
    (12, 'calls by session (no column)', '{} | count_over_time() by (.session)', NULL, '0'),
    (13, 'errors, by team per trace', '{status=error} | by(.team) | count() > 0', 20, NULL);

CREATE TABLE bench_time (number int, source text, ms float8, rows bigint);

CREATE PROCEDURE bench_traceql(source_ text, rounds int) LANGUAGE plpgsql AS $$
DECLARE
    q bench_query;
    started timestamptz;
    found bigint;
BEGIN
    FOR round IN 1 .. rounds LOOP
        FOR q IN SELECT * FROM bench_query ORDER BY number LOOP
            started := clock_timestamp();
            SELECT count(*) INTO found FROM genops_traceql(q.query, since => '2 hours', max_traces => q.max_traces,
                step => q.step, source => source_);
            INSERT INTO bench_time VALUES (q.number, source_, 1000 * extract(epoch FROM clock_timestamp() - started), found);
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;

CALL bench_traceql('ledger', 5);
\if :has_tempo
SELECT pg_sleep(2) \g /dev/null
CALL bench_traceql('tempo', 1);
\endif

SELECT q.what, max(t.rows) FILTER (WHERE t.source = 'ledger') AS rows,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) FILTER (WHERE t.source = 'ledger')::numeric, 1) AS ledger_ms,
       round(min(t.ms) FILTER (WHERE t.source = 'tempo')::numeric, 1) AS tempo_ms,
       round((min(t.ms) FILTER (WHERE t.source = 'tempo') / percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) FILTER (WHERE t.source = 'ledger'))::numeric, 1) AS times_faster
FROM bench_query q JOIN bench_time t USING (number)
GROUP BY q.number, q.what ORDER BY q.number;
