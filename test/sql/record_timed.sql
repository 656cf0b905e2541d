-- SPDX-License-Identifier: PostgreSQL
-- Which replies are timed, and how many calls are counted, by where the reply comes from.
\set ON_ERROR_STOP on
SET client_min_messages = error;

\o /dev/null
SELECT set_config('genops.project', 'record_timed ' || gen_random_uuid(), false);
\o
CREATE TEMP VIEW mine AS SELECT *, flags @> '{untimed}' AS untimed FROM genops.spans WHERE project = current_setting('genops.project');

-- Models that count how often they are asked, whatever becomes of the transaction.
CREATE SEQUENCE asked;
CREATE FUNCTION model(q text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM nextval('asked'); PERFORM pg_sleep(0.01); RETURN 'answer to ' || q; END $$;
CREATE FUNCTION model_stable(q text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM nextval('asked'); PERFORM pg_sleep(0.01); RETURN 'answer to ' || q; END $$;
CREATE FUNCTION model_immutable(q text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM nextval('asked'); PERFORM pg_sleep(0.01); RETURN 'answer to ' || q; END $$;
CREATE FUNCTION model_json(q text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$ SELECT jsonb_build_object('text', model(q)) $$;
CREATE FUNCTION model_batch(q text[]) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM nextval('asked'); PERFORM pg_sleep(0.01); RETURN QUERY SELECT 'answer to ' || x FROM unnest(q) x; END $$;
CREATE FUNCTION helper(reply text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN genops_observe(genops_begin('p', 'm', feature => current_setting('genops.feature')), reply); END $$;
CREATE FUNCTION definer_helper(reply text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN genops_observe(genops_begin('p', 'm', feature => current_setting('genops.feature')), reply); END $$;
CREATE FUNCTION sql_helper(q text) RETURNS text LANGUAGE sql AS $$ SELECT genops_observe(genops_begin('p', 'm'), model(q)) $$;
CREATE TABLE row_of AS SELECT i, 'stored reply' AS reply FROM generate_series(1, 5) i;
CREATE VIEW asks AS SELECT genops_observe(genops_begin('p', 'm'), model('view')) AS answer;

-- feature, statement, times the model is asked, calls in spend, spans, timed spans.
CREATE TEMP TABLE shape (feature text, statement text, asked int, calls int, spans int, timed int);
INSERT INTO shape VALUES
	('function', $s$SELECT genops_observe(genops_begin('p', 'm'), model('q'))$s$, 1, 1, 1, 1),
	('function of rows', $s$SELECT genops_observe(genops_begin('p', 'm'), model(reply)) FROM row_of$s$, 5, 5, 5, 5),
	('without begin', $s$SELECT genops_observe(response => model('q'))$s$, 1, 1, 1, 1),
	('within expressions', $s$SELECT genops_observe(genops_begin('p', 'm'), model_json('q') ->> 'text') || '!'$s$, 1, 1, 1, 1),
	('behind CASE', $s$SELECT genops_observe(genops_begin('p', 'm'), CASE WHEN i > 2 THEN model(reply) ELSE 'none' END) FROM row_of$s$, 3, 5, 5, 5),
	('cast', $s$SELECT genops_observe(genops_begin('p', 'm'), model_json('q')::text)$s$, 1, 1, 1, 1),
	('scalar subquery around', $s$SELECT (SELECT genops_observe(genops_begin('p', 'm'), model('q'))) FROM row_of$s$, 1, 1, 1, 1),
	('stable, subquery around', $s$SELECT i FROM row_of WHERE reply <> (SELECT genops_observe(genops_begin('p', 'm'), model_stable('q')))$s$, 1, 1, 1, 1),
	('scalar subquery within', $s$SELECT genops_observe(genops_begin('p', 'm'), (SELECT model('q')))$s$, 1, 1, 1, 1),
	('one subquery for rows', $s$SELECT genops_observe(genops_begin('p', 'm'), (SELECT model('q'))) FROM row_of$s$, 1, 1, 5, 1),
	('correlated subquery', $s$SELECT genops_observe(genops_begin('p', 'm'), (SELECT model(r.reply || x) FROM generate_series(1, 1) x)) FROM row_of r$s$, 5, 5, 5, 5),
	('array of a batch', $s$SELECT unnest(genops_observe(genops_begin('p', 'm'), ARRAY(SELECT b FROM model_batch('{a,b,c}') b)))$s$, 1, 1, 1, 1),
	('volatile of the server', $s$SELECT genops_observe(genops_begin('p', 'm'), clock_timestamp())$s$, 0, 1, 1, 1),
	('view', $s$SELECT * FROM asks$s$, 1, 1, 1, 1),
	('SQL function', $s$SELECT sql_helper('q')$s$, 1, 1, 1, 1),
	('handle of before', $s$DO $d$ DECLARE c text := genops_begin('p', 'm'); r text := model('q'); BEGIN r := genops_observe(c, r); END $d$$s$, 1, 1, 1, 1),
	('PL/pgSQL expression', $s$DO $d$ DECLARE r text; BEGIN r := genops_observe(genops_begin('p', 'm'), model('q')); END $d$$s$, 1, 1, 1, 1),
	-- Not timed.
	('constant', $s$SELECT genops_observe(genops_begin('p', 'm'), 'reply'::text)$s$, 0, 1, 1, 0),
	('constants', $s$SELECT genops_observe(genops_begin('p', 'm'), 'reply'::text) FROM row_of$s$, 0, 5, 5, 0),
	('column', $s$SELECT genops_observe(genops_begin('p', 'm'), reply) FROM row_of$s$, 0, 5, 5, 0),
	('operators on a column', $s$SELECT genops_observe(genops_begin('p', 'm'), upper(reply) || '!') FROM row_of WHERE i = 1$s$, 0, 1, 1, 0),
	('set in FROM', $s$SELECT genops_observe(genops_begin('p', 'm'), b) FROM model_batch('{a,b,c}') b$s$, 1, 3, 3, 0),
	('set in the list', $s$SELECT genops_observe(genops_begin('p', 'm'), model_batch('{a,b}'))$s$, 1, 2, 2, 0),
	('aggregate', $s$SELECT genops_observe(genops_begin('p', 'm'), string_agg(model(reply), ' ')) FROM row_of$s$, 5, 1, 1, 0),
	('variable', $s$DO $d$ DECLARE r text := model('q'); BEGIN r := genops_observe(genops_begin('p', 'm'), r); END $d$$s$, 1, 1, 1, 0),
	('helper', $s$SELECT set_config('genops.feature', 'helper', true), helper(model('q'))$s$, 1, 1, 1, 0),
	('definer''s helper', $s$SELECT set_config('genops.feature', 'definer''s helper', true), definer_helper(model('q'))$s$, 1, 1, 1, 0),
	('parameter', $s$PREPARE p (text) AS SELECT genops_observe(genops_begin('p', 'm'), $1); EXECUTE p ('r'); EXECUTE p ('r'); DEALLOCATE p$s$, 0, 2, 2, 0),
	('immutable', $s$SELECT genops_observe(genops_begin('p', 'm'), model_immutable('q'))$s$, 1, 1, 1, 0),
	('immutable for rows', $s$SELECT genops_observe(genops_begin('p', 'm'), model_immutable('q')) FROM row_of$s$, 1, 1, 5, 0),
	('immutable, subquery around', $s$SELECT i FROM row_of WHERE reply <> (SELECT genops_observe(genops_begin('p', 'm'), model_immutable('q')))$s$, 1, 1, 1, 0),
	('immutable, generic plan', $s$SET plan_cache_mode = force_generic_plan; PREPARE p AS SELECT genops_observe(genops_begin('p', 'm'), model_immutable('q')); EXECUTE p; EXECUTE p; EXECUTE p; DEALLOCATE p; RESET plan_cache_mode$s$, 1, 1, 3, 0),
	('immutable, planned anew', $s$DO $d$ BEGIN FOR i IN 1..3 LOOP EXECUTE 'SELECT genops_observe(genops_begin(''p'', ''m''), model_immutable(''q''))'; END LOOP; END $d$$s$, 3, 3, 3, 0),
	('immutable of a column', $s$SELECT genops_observe(genops_begin('p', 'm'), model_immutable(reply)) FROM row_of$s$, 5, 5, 5, 5);

SELECT plan(8 + (SELECT count(*)::int FROM shape));

CREATE FUNCTION run(feature text, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := nextval('asked');
	one text;
BEGIN
	PERFORM set_config('genops.feature', feature, true);
	FOREACH one IN ARRAY string_to_array(statement, CASE WHEN statement LIKE 'DO%' THEN NULL ELSE '; ' END) LOOP
		EXECUTE one;
	END LOOP;
	RETURN nextval('asked') - before - 1;
END
$$;
CREATE TEMP TABLE result (feature text, asked bigint);
DO $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM shape LOOP
		IF s.statement LIKE 'DO%' THEN
			INSERT INTO result SELECT s.feature, (SELECT nextval('asked'));
			PERFORM set_config('genops.feature', s.feature, true);
			EXECUTE s.statement;
			UPDATE result SET asked = nextval('asked') - asked - 1 WHERE feature = s.feature;
		ELSE
			INSERT INTO result VALUES (s.feature, run(s.feature, s.statement));
		END IF;
	END LOOP;
END
$$;
SELECT genops_flush('stored') \g /dev/null
SELECT is(row(r.asked, (SELECT coalesce(sum(calls), 0) FROM genops.spend p WHERE p.project = current_setting('genops.project') AND p.feature = s.feature),
		(SELECT count(*) FROM mine m WHERE m.feature = s.feature), (SELECT count(*) FROM mine m WHERE m.feature = s.feature AND duration IS NOT NULL))::text,
	row(s.asked, s.calls, s.spans, s.timed)::text, s.feature || ': ' || s.statement)
FROM shape s JOIN result r USING (feature);
SELECT ok(bool_and(untimed AND attributes ->> 'genops.timing' = 'unknown'), 'what is not timed says so') FROM mine WHERE duration IS NULL AND ai_call;
SELECT ok(bool_and(duration >= '10 ms'), 'what is timed has the model''s time') FROM mine WHERE feature IN ('function', 'scalar subquery around', 'scalar subquery within', 'view');

-- A search: one call, and the index.
CREATE TABLE place AS SELECT point(i, i) AS p FROM generate_series(1, 1000) i;
CREATE INDEX ON place USING gist (p);
ANALYZE place;
CREATE FUNCTION embed(q text) RETURNS point LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM nextval('asked'); RETURN point(5, 5); END $$;
SET genops.feature = 'search';
SELECT nextval('asked') AS before \gset
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text; lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off) ' || query LOOP lines := lines || line; END LOOP;
	RETURN lines;
END
$$;
SELECT matches(plan_of($$SELECT * FROM place ORDER BY p <-> (SELECT genops_observe(genops_begin('p', 'm'), embed('q'))) LIMIT 2$$),
	'Index (Only )?Scan using place_p_idx', 'a search with a scalar subquery uses the index');
SELECT is(nextval('asked') - :before - 1, 1::bigint, 'and asks the model once');
SELECT genops_flush('stored') \g /dev/null
SELECT is(count(*) || ' ' || count(duration), '1 1', 'which is one span, timed') FROM mine WHERE feature = 'search';

-- Parallel plans stay; a beginning by itself stays in the leader.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE TABLE many AS SELECT i, 'x' || i AS x FROM generate_series(1, 30) i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
CREATE FUNCTION restricted(t text) RETURNS text LANGUAGE plpgsql PARALLEL RESTRICTED AS $$ BEGIN RETURN t; END $$;
CREATE FUNCTION safe(t text) RETURNS text LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN RETURN t; END $$;
SET parallel_leader_participation = off;
SELECT matches(plan_of($$SELECT genops_observe(genops_begin('p', 'm', feature => 'parallel'), safe(x)) FROM many$$), 'Workers Launched: [12]', 'a parallel plan stays one');
SELECT lives_ok($$SELECT genops_observe(b, restricted(x)) FROM (SELECT genops_begin('p', 'm', feature => 'separate') AS b, x FROM many OFFSET 0) q$$, 'a beginning by itself ends in the same process');
SELECT genops_flush('stored') \g /dev/null
SELECT is(string_agg(feature || ' ' || n, ', ' ORDER BY feature), 'parallel 30, separate 30', 'each is recorded once, and ended')
FROM (SELECT feature, count(*) AS n FROM mine WHERE feature IN ('parallel', 'separate') AND ai_call GROUP BY feature) s;
SELECT * FROM finish();
