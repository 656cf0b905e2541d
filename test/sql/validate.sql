-- SPDX-License-Identifier: PostgreSQL
-- genops_validate(): what it finds in the database itself.
\set ON_ERROR_STOP on
SET client_min_messages = error;
BEGIN;
SELECT plan(15);
CREATE FUNCTION pg_temp.found(name text, OUT status text, OUT message text, OUT fix text) LANGUAGE sql AS $$
	SELECT v.status, v.message, v.fix FROM genops_validate(check_connectivity => false, check_write => false,
		check_read => false, check_traceql => false) v WHERE v.check_name = $1 LIMIT 1
$$;
SELECT genops_configure() \g /dev/null

SELECT set_eq($$SELECT check_name FROM genops_validate(check_connectivity => false, check_write => false,
		check_read => false, check_traceql => false) WHERE status <> 'skipped'$$,
	ARRAY['Library Preloaded', 'Library Version', 'Ledger', 'Worker', 'Worker Slots', 'Databases', 'Environment', 'Secrets',
		'Delivery', 'Immutable Functions'], 'the checks that need no Tempo');
SELECT is_empty($$SELECT * FROM genops_validate() WHERE fix IS NULL AND status IN ('warning', 'error')$$,
	'whatever is wrong has a fix');
SELECT is_empty($$SELECT * FROM genops_validate() WHERE status NOT IN ('ok', 'warning', 'error', 'skipped')
		OR message = '' OR fix = ''$$, 'the four states');

-- Functions that the planner would call before the call is begun.
SELECT is((pg_temp.found('Immutable Functions')).status, 'ok', 'no pgai, no pgml: fine');
CREATE SCHEMA ai;
CREATE SCHEMA pgml;
CREATE FUNCTION ai.openai_embed(model text, input_text text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT input_text';
CREATE FUNCTION ai.ollama_embed(model text) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT model';
CREATE FUNCTION ai.embedding_openai(model text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT model';
CREATE FUNCTION pgml.embed(transformer text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT transformer';
CREATE FUNCTION pgml.norm_l2(vector real[]) RETURNS real LANGUAGE sql IMMUTABLE AS 'SELECT vector[1]';
SELECT results_eq($$SELECT * FROM pg_temp.found('Immutable Functions')$$, $$VALUES ('warning',
	'2 functions of pgai or pgml that call a model are declared immutable: the planner may call them before genops_begin() has run',
	'-- Write (SELECT genops_observe(genops_begin(...), f(...))): one call of the model in a statement, and an index stays usable.' || E'\n' ||
	'-- To have it timed too, run the following. Every use of f outside of such a subquery then calls the model for each row.' || E'\n' ||
	'ALTER FUNCTION ai.openai_embed(model text, input_text text) VOLATILE;' || E'\n' || 'ALTER FUNCTION pgml.embed(transformer text) VOLATILE;')$$,
	'those that call a model are told, by name');
SELECT fix AS fix FROM pg_temp.found('Immutable Functions') \gset
:fix
SELECT is((pg_temp.found('Immutable Functions')).status, 'ok', 'the fix is one');

-- A route's header without its value, as after a restore.
INSERT INTO genops.route (name, headers) VALUES ('it''s', '{x-key}');
SELECT results_eq($$SELECT status, fix FROM pg_temp.found('Secrets')$$,
	$$VALUES ('error', 'SELECT genops_route_headers(route => ''it''''s'', headers => ''{"x-key": "..."}'');')$$,
	'a secret that is missing');
SELECT rtrim(fix, ';') AS fix FROM pg_temp.found('Secrets') \gset
:fix \g /dev/null
SELECT results_eq($$SELECT status, message FROM pg_temp.found('Secrets')$$,
	$$VALUES ('ok', '1 headers are configured, and have values')$$, 'again, the fix is one');

-- The mark by which the launcher finds the database.
SELECT is((pg_temp.found('Ledger')).status, 'ok', 'CREATE EXTENSION marked the database');
ALTER DATABASE :DBNAME RESET genops_tempo.ledger;
SELECT is((pg_temp.found('Ledger')).fix, format('ALTER DATABASE %I SET genops_tempo.ledger = on;', current_database()),
	'a mark that is gone can be set again');
ALTER DATABASE :DBNAME SET genops_tempo.ledger = on;

-- A transaction that storing would wait for.
SAVEPOINT before;
LOCK TABLE genops.ledger_state IN ACCESS EXCLUSIVE MODE;
SELECT genops_track('p', 'm') \g /dev/null
SELECT is((pg_temp.found('Ledger')).status, 'skipped', 'nobody waits for himself');
ROLLBACK TO before;

-- The report of a setup without an address.
SELECT genops_reset('all') \g /dev/null
SELECT is(array_agg(line), ARRAY['✅ Grafana Tempo Setup Validation - PASSED', '', 'Endpoint: (none)', '', 'Status Checks:'],
	'the head of the report')
FROM genops_validation_report() WITH ORDINALITY AS r (line, number) WHERE number <= 5;
SELECT is(count(*), 1::bigint, 'a check is followed by its fix') FROM genops_validation_report() AS line
WHERE line = '     Fix: SELECT genops_configure(endpoint => ''http://localhost:3200'');';
SELECT is(count(*), 1::bigint, 'and a verdict') FROM genops_validation_report() AS line
WHERE line ~ '^✅ .* The ledger is ready; no Tempo is configured[.]$';

-- Signatures.
SELECT is(pg_get_function_arguments('genops_validate'::regproc), 'tempo_endpoint text DEFAULT NULL::text, check_connectivity boolean DEFAULT true, check_write boolean DEFAULT true, check_read boolean DEFAULT true, check_traceql boolean DEFAULT true, timeout double precision DEFAULT 5',
	'the arguments of the guide');
SELECT * FROM finish();
ROLLBACK;
