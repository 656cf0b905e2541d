-- SPDX-License-Identifier: PostgreSQL
-- Answers of Tempo as rows, beside curl and a JSON parser; psql sets url, curl_search
-- and curl_metrics (milliseconds).
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = error;

SELECT count(*) FROM genops_configure(endpoint => :'url') \g /dev/null

CREATE FUNCTION bench_tempo(query text, step interval, rounds int, OUT rows bigint, OUT ms float8) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    took float8[];
BEGIN
    FOR round IN 1 .. rounds LOOP
        started := clock_timestamp();
        SELECT count(*) INTO rows FROM genops_traceql(query, start_time => to_timestamp(1795455355),
            end_time => to_timestamp(1795455445), step => bench_tempo.step, source => 'tempo');
        took := took || (1000 * extract(epoch FROM clock_timestamp() - started))::float8;
    END LOOP;
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) INTO ms FROM unnest(took) AS t;
END
$$;

CREATE FUNCTION backend_memory(OUT mb numeric) LANGUAGE sql AS $$
    SELECT round((regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status', 0, 4000), 'VmHWM:\s+(\d+)'))[1]::numeric / 1024, 1)
$$;

SELECT * FROM bench_tempo('{} | rate() by (.team)', '1 s', 7) \gset metrics_
SELECT mb FROM backend_memory() \gset before_
SELECT * FROM bench_tempo('{ }', NULL, 1) \gset first_
SELECT mb FROM backend_memory() \gset after_
SELECT * FROM bench_tempo('{ }', NULL, 7) \gset search_

SELECT what, rows, round(ms::numeric, 1) AS genops_ms, round(curl_ms::numeric, 1) AS curl_and_json_ms, round((ms / curl_ms)::numeric, 2) AS ratio
FROM (VALUES ('search', :search_rows, :search_ms::float8, :curl_search::float8),
             ('metrics', :metrics_rows, :metrics_ms::float8, :curl_metrics::float8)) AS t (what, rows, ms, curl_ms);
SELECT :after_mb - :before_mb AS mb_for_the_search_reply;
