-- SPDX-License-Identifier: PostgreSQL
-- A million calls in one session: the last are as fast as the first, and the
-- session needs no more memory.  psql sets calls.
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;

CREATE TEMP TABLE part (number int, us_per_call numeric, memory_bytes bigint);

CREATE PROCEDURE make_calls_in_parts(parts int, calls int) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    us numeric;
BEGIN
    FOR part IN 1 .. parts LOOP
        started := clock_timestamp();
        FOR i IN 1 .. calls LOOP
            PERFORM genops_observe(genops_begin('openai', 'gpt-4o', team => 'platform', customer_id => i), clock_timestamp());
        END LOOP;
        us := round(1e6 * extract(epoch FROM clock_timestamp() - started) / calls, 2);
        INSERT INTO part SELECT part, us, sum(total_bytes) FROM pg_backend_memory_contexts;
        COMMIT;
        PERFORM genops_flush('stored');
    END LOOP;
END
$$;

CALL make_calls_in_parts(10, :calls / 10);
SELECT * FROM part ORDER BY number;
