-- SPDX-License-Identifier: PostgreSQL
-- pgml: transform and embed a batch, which return sets and arrays.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(4);
CREATE SCHEMA pgml;
CREATE FUNCTION pgml.embed(transformer text, inputs text[]) RETURNS SETOF real[] LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN QUERY SELECT ARRAY[length(x)::real, 1] FROM unnest(inputs) x; END $$;
CREATE FUNCTION pgml.transform(task text, inputs text[]) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$ BEGIN RETURN '[{"generated_text": "an answer"}]'; END $$;

SELECT is(count(*), 3::bigint, 'a batch is one call as an array') FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b', 'c']) d (id, body), LATERAL (SELECT 1) l;
CREATE TABLE chunk AS SELECT row_number() OVER () AS id, e AS embedding FROM (SELECT unnest(
	genops_observe(genops_begin('pgml', 'e5-small', operation => 'embeddings', feature => 'batch'), ARRAY(SELECT (e)[1]::text FROM pgml.embed('e5-small', '{a,b,c}') e))) AS e) s;
SELECT is(count(*), 3::bigint, 'with all its rows') FROM chunk;
SELECT genops_observe(genops_begin('pgml', 'gpt2', feature => 'transform'), pgml.transform('text-generation', '{hello}')) \g /dev/null
SELECT genops_flush('stored') \g /dev/null
SELECT is(string_agg(feature || ' ' || calls, ', ' ORDER BY feature), 'batch 1, transform 1', 'counted once each') FROM (SELECT feature, sum(calls) AS calls FROM genops.spend GROUP BY feature) s;
SELECT is(string_agg(feature, ',') , 'batch', 'and timed where that can be known') FROM genops.spans WHERE duration IS NOT NULL;
SELECT * FROM finish();
