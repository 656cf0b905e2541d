-- SPDX-License-Identifier: PostgreSQL
-- Headers: merged, hidden, and in no dump.
\set ON_ERROR_STOP on
SET client_min_messages = error;
BEGIN;
SELECT plan(39);

SELECT genops_reset('all') \g /dev/null
SELECT results_eq($$SELECT * FROM genops_configure(headers =>
		'{"Authorization": "Bearer s3cret", "X-API-Key": "k3y"}')$$,
	$$VALUES ('headers.x-api-key', '***', 'configure', NULL),
		('headers.authorization', '***', 'configure', NULL)$$, 'headers are set, and not shown');
SELECT results_eq($$SELECT setting, value, source FROM genops_configure(headers =>
		'{"x-api-key": null, "AUTHORIZATION": "Bearer other", "X-New": "n"}')$$,
	$$VALUES ('headers.x-new', '***', 'configure'), ('headers.x-api-key', NULL, 'default'),
		('headers.authorization', '***', 'configure')$$, 'they are merged, whatever their case; null removes');
SELECT set_eq('SELECT name, value FROM genops.secret',
	$$VALUES ('headers.x-new', 'n'), ('headers.authorization', 'Bearer other')$$, 'and kept');
SELECT is_empty($$SELECT * FROM genops_configure(headers => '{}')$$, 'no header changes nothing');
SELECT genops_configure(collector_headers => '{"Authorization": "Bearer collector"}') \g /dev/null
SELECT set_eq($$SELECT setting, value FROM genops.configuration WHERE setting ~ 'headers[.]'$$,
	$$VALUES ('headers.x-new', '***'), ('headers.authorization', '***'),
		('collector_headers.authorization', '***')$$, 'the Collector has headers of its own');
SELECT genops_reset('headers.X-New') \g /dev/null
SELECT genops_reset('collector_headers') \g /dev/null
SELECT set_eq('SELECT name FROM genops.secret', $$VALUES ('headers.authorization')$$,
	'one header is reset, and all of a kind');

SELECT genops_configure(basic_auth => 'user:' || repeat('p', 80)) \g /dev/null
SELECT is(value, 'Basic ' || replace(encode(convert_to('user:' || repeat('p', 80), 'UTF8'), 'base64'), E'\n', ''),
	'basic_auth is encoded in one line') FROM genops.secret;
SELECT throws_ok($$SELECT genops_configure(basic_auth => 'u:p', headers => '{"authorization": "x"}')$$,
	'22023', NULL, 'but not beside an Authorization header');

-- What cannot be a header, and errors that do not say what it was.
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || message || detail || hint;
END
$$;
SELECT ok(error ~ '^22023' AND error !~ 's3cret', 'refused, without its value: ' || error)
FROM unnest(ARRAY[
	$$SELECT genops_configure(headers => '{"X-Key": "s3cret\n"}')$$,
	$$SELECT genops_configure(headers => '{"X Key": "s3cret"}')$$,
	$$SELECT genops_configure(headers => '{"X-Key\r\nX-Other": "s3cret"}')$$,
	$$SELECT genops_configure(headers => '{"Content-Length": "s3cret"}')$$,
	$$SELECT genops_configure(headers => '{"X-Scope-OrgID": "s3cret"}')$$,
	$$SELECT genops_configure(headers => '{"X-Key": ["s3cret"]}')$$,
	$$SELECT genops_configure(headers => '"s3cret"')$$,
	$$SELECT genops_configure(headers => '{"X-Key": "${vault:X}"}')$$,
	$$SELECT genops_configure(headers => '{"X-Key": "Bearer ${VARIABLE}"}')$$,
	$$SELECT genops_configure(basic_auth => 's3cret')$$]) AS call, pg_temp.error_of(call) AS error;

-- A key in an address is a secret, too.
SELECT results_eq($$SELECT setting, value, note FROM genops_configure(otlp_endpoint => 'https://otlp.example.com/in?api_key=s3cret')$$,
	$$VALUES ('otlp_endpoint', 'https://otlp.example.com/in?***', 'spans go to https://otlp.example.com/in/v1/traces?***')$$,
	'the query of an address is not shown');
SELECT is_empty($$SELECT * FROM genops.configuration c WHERE c::text ~ 's3cret'$$, 'nor in the view');
SELECT is_empty($$SELECT * FROM genops.setting s WHERE s::text ~ 's3cret'$$, 'nor in what a dump contains');
SELECT is(value, 'https://otlp.example.com/in?api_key=s3cret', 'it is kept') FROM genops.secret WHERE name = 'otlp_endpoint';
SELECT is_empty($$SELECT * FROM genops_configure(otlp_endpoint => 'https://otlp.example.com/in?api_key=s3cret')$$, 'the same again changes nothing');
SELECT genops_configure(otlp_endpoint => 'https://otlp.example.com/in') \g /dev/null
SELECT is_empty($$SELECT * FROM genops.secret WHERE name = 'otlp_endpoint'$$, 'and gone with the address');
SELECT genops_reset('otlp_endpoint') \g /dev/null
SELECT throws_ok($$INSERT INTO genops.route (name, otlp_endpoint) VALUES ('r', 'http://localhost:4318/?key=s3cret')$$, '23514', NULL,
	'a route has headers for that');

-- Roles.
CREATE ROLE genops_test_nobody;
CREATE ROLE genops_test_reader IN ROLE pg_read_all_data;
CREATE ROLE genops_test_monitor IN ROLE pg_monitor;
CREATE ROLE genops_test_admin;
GRANT EXECUTE ON FUNCTION genops_configure, genops_reset TO genops_test_admin;

SET LOCAL ROLE genops_test_reader;
SELECT is_empty('SELECT * FROM genops.secret', 'pg_read_all_data reads no secret');
SET LOCAL ROLE genops_test_monitor;
SELECT is(value, '***', 'pg_monitor sees that there is a header') FROM genops.configuration
WHERE setting = 'headers.authorization';
SELECT lives_ok('SELECT * FROM genops.stat_recording', 'and reads stat_recording');
SELECT lives_ok('SELECT * FROM genops.stat_delivery', 'and stat_delivery');
SET LOCAL ROLE genops_test_nobody;
SELECT throws_ok(call, '42501', NULL, call) FROM unnest(ARRAY[
	'SELECT * FROM genops.secret',
	'SELECT * FROM genops.setting',
	'SELECT * FROM genops.configuration',
	$$SELECT genops_configure(endpoint => 'http://localhost:3200')$$,
	$$SELECT genops_reset('all')$$]) AS call;
SET LOCAL ROLE genops_test_admin;
SELECT lives_ok($$SELECT genops_configure(endpoint => 'http://localhost:3200')$$,
	'who may configure needs no right on a table');
SELECT throws_ok(call, '42501', NULL, 'but may not make the server read its files: ' || call)
FROM unnest(ARRAY[
	$$SELECT genops_configure(headers_file => '/etc/passwd')$$,
	$$SELECT genops_configure(headers => '{"X-Key": "${file:/etc/passwd}"}')$$,
	$$SELECT genops_configure(headers => '{"X-Key": "${env:PGDATA}"}')$$]) AS call;
RESET ROLE;
SELECT is_empty($$SELECT c.relname FROM pg_catalog.pg_extension e, unnest(e.extconfig) AS t
	JOIN pg_catalog.pg_class c ON c.oid = t WHERE e.extname = 'genops_tempo' AND c.relname = 'secret'$$,
	'secrets are in no dump');
SELECT * FROM finish();
ROLLBACK;
