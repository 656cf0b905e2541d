-- SPDX-License-Identifier: PostgreSQL
-- What one recorded call costs, beside an empty function with the same
-- arguments and beside an INSERT of the same facts (the ids and times that a span
-- has are made in both) into a logged table with two indexes, in one PL/pgSQL loop
-- each.
-- The three take turns, so that a slow moment of the machine hits them alike.
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;

CREATE OR REPLACE FUNCTION bench_noop(provider text, model text, operation text, prompt_tokens bigint,
    completion_tokens bigint, total_cost numeric, team text, project text, customer_id text,
    cost_center text, environment text, feature text)
    RETURNS text LANGUAGE C VOLATILE AS :'noop_library', 'bench_noop';

DROP TABLE IF EXISTS bench_call;
CREATE TABLE bench_call (trace_id uuid DEFAULT gen_random_uuid(), span_id bigint DEFAULT (random() * 1e18)::bigint,
    at timestamptz DEFAULT clock_timestamp(), duration interval DEFAULT '0', status smallint DEFAULT 0,
    provider text, model text, operation text, prompt_tokens bigint, completion_tokens bigint,
    total_cost numeric, team text, project text, customer_id text, cost_center text,
    environment text, feature text);
CREATE INDEX ON bench_call (at);
CREATE INDEX ON bench_call (team, at);

DROP TABLE IF EXISTS bench_round;
CREATE TABLE bench_round (round int, what text, us float8);

CREATE OR REPLACE PROCEDURE bench_recording(rounds int, calls int) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
BEGIN
    FOR round IN 1 .. rounds LOOP
        started := clock_timestamp();
        FOR i IN 1 .. calls LOOP
            PERFORM bench_noop(provider => 'openai', model => 'gpt-4o', operation => 'chat',
                prompt_tokens => i, completion_tokens => 300, total_cost => 0.0123,
                team => 'platform', project => 'assistant', customer_id => 'cust-77',
                cost_center => 'engineering', environment => 'production', feature => 'summary');
        END LOOP;
        INSERT INTO bench_round VALUES (round, 'empty function', extract(epoch FROM clock_timestamp() - started) * 1e6 / calls);

        started := clock_timestamp();
        FOR i IN 1 .. calls LOOP
            PERFORM genops_track(provider => 'openai', model => 'gpt-4o', operation => 'chat',
                prompt_tokens => i, completion_tokens => 300, total_cost => 0.0123,
                team => 'platform', project => 'assistant', customer_id => 'cust-77',
                cost_center => 'engineering', environment => 'production', feature => 'summary');
        END LOOP;
        INSERT INTO bench_round VALUES (round, 'genops_track', extract(epoch FROM clock_timestamp() - started) * 1e6 / calls);
        PERFORM genops_flush('stored');

        started := clock_timestamp();
        FOR i IN 1 .. calls LOOP
            INSERT INTO bench_call (provider, model, operation, prompt_tokens, completion_tokens, total_cost,
                team, project, customer_id, cost_center, environment, feature)
            VALUES ('openai', 'gpt-4o', 'chat', i, 300, 0.0123, 'platform', 'assistant', 'cust-77',
                'engineering', 'production', 'summary');
        END LOOP;
        INSERT INTO bench_round VALUES (round, 'indexed insert', extract(epoch FROM clock_timestamp() - started) * 1e6 / calls);
        COMMIT;
    END LOOP;
END
$$;

CALL bench_recording(11, 10000);

SELECT what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY us)::numeric, 2) AS median_us_per_call
FROM bench_round GROUP BY what ORDER BY 2;

WITH median AS (
    SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY us) AS us FROM bench_round GROUP BY what
)
SELECT round((t.us - e.us)::numeric, 2) AS added_us,
       round(((i.us - e.us) / (t.us - e.us))::numeric, 1) AS insert_over_track,
       (t.us - e.us) <= 1.5 AS at_most_1_5_us,
       i.us >= 3 * t.us AS insert_3_times_track
FROM median t, median e, median i
WHERE t.what = 'genops_track' AND e.what = 'empty function' AND i.what = 'indexed insert';
