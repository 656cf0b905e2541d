-- SPDX-License-Identifier: PostgreSQL
-- A statement that reads attributes and calls a function that does: neither
-- makes the other keep its unpacked segments more than once.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(2);

SELECT count(genops_track('p', 'm', feature => i::text, attributes => jsonb_build_object('filling', repeat(md5(i::text), 30))))
FROM generate_series(1, 300) i
\g /dev/null
SELECT complete FROM genops_flush('stored')
\g /dev/null

CREATE FUNCTION memory_beside(OUT bytes bigint, OUT value text) LANGUAGE plpgsql AS $$
BEGIN
	SELECT s.attributes ->> 'feature' INTO value FROM genops.spans s WHERE s.feature = '1';
	SELECT sum(total_bytes) INTO bytes FROM pg_backend_memory_contexts;
END
$$;

CREATE TEMP TABLE seen AS
SELECT s.attributes ->> 'filling' AS filling, m.bytes, m.value
FROM genops.spans s CROSS JOIN LATERAL (SELECT (memory_beside()).*, s.feature OFFSET 0) m;

SELECT is(count(*) FILTER (WHERE filling IS NOT NULL AND value IS NOT NULL), 300::bigint, 'both read their attributes') FROM seen;
SELECT cmp_ok(max(bytes) - min(bytes), '<', 32 * 1024 * 1024::bigint, 'what is unpacked does not grow with the rows') FROM seen;
SELECT * FROM finish();
