-- SPDX-License-Identifier: PostgreSQL
-- genops_configure(), genops_reset() and genops.configuration.
\set ON_ERROR_STOP on
SET client_min_messages = error;
BEGIN;
SELECT plan(68);

SELECT genops_reset('all') \g /dev/null

CREATE FUNCTION pg_temp.in_force(setting text) RETURNS text LANGUAGE sql AS
	'SELECT c.value FROM genops.configuration c WHERE c.setting = $1';
CREATE FUNCTION pg_temp.source(setting text) RETURNS text LANGUAGE sql AS
	'SELECT c.source FROM genops.configuration c WHERE c.setting = $1';

-- An extension that was only created delivers nothing.
SELECT is(pg_temp.in_force('otlp_url'), NULL, 'nothing is configured at first');
SELECT is(pg_temp.in_force('service_name'), 'genops-ai', 'the guide''s service name is the default');
SELECT is(pg_temp.source('service_name'), 'default', 'a default is called so');
SELECT is(pg_temp.in_force('sampling_rate'), '1', 'everything is sent by default');

-- The guide's basic examples.
SELECT results_eq('SELECT * FROM genops_configure()',
	$$VALUES ('endpoint', 'http://localhost:3200', 'configure',
		'spans go to http://localhost:4318/v1/traces')$$,
	'without arguments it configures a local Tempo');
SELECT is_empty('SELECT * FROM genops_configure()', 'the second time it changes nothing');
SELECT results_eq($$SELECT setting, value FROM genops_configure(endpoint => 'http://tempo.example.com:3200')$$,
	$$VALUES ('endpoint', 'http://tempo.example.com:3200')$$, 'what changed is returned');
SELECT is(pg_temp.in_force('otlp_url'), 'http://tempo.example.com:4318/v1/traces',
	'the OTLP address follows from the query address');
SELECT is_empty($$SELECT * FROM genops_configure(endpoint => 'http://tempo.example.com:3200')$$,
	'the same value again changes nothing');
SELECT results_eq($$SELECT setting, note FROM genops_configure(via_collector => true,
		collector_endpoint => 'http://otel-collector:4318')$$,
	$$VALUES ('via_collector', 'spans go to http://otel-collector:4318/v1/traces'),
		('collector_endpoint', 'spans go to http://otel-collector:4318/v1/traces')$$,
	'via the Collector');
SELECT is(pg_temp.in_force('endpoint'), 'http://tempo.example.com:3200', 'what is not mentioned stays');
SELECT genops_configure(via_collector => false) \g /dev/null
SELECT is(pg_temp.in_force('otlp_url'), 'http://tempo.example.com:4318/v1/traces', 'and back');
SELECT genops_configure(otlp_endpoint => 'https://otlp.example.com/otlp') \g /dev/null
SELECT is(pg_temp.in_force('otlp_url'), 'https://otlp.example.com/otlp/v1/traces',
	'otlp_endpoint beats what is derived');
SELECT genops_configure(otlp_endpoint => '') \g /dev/null
SELECT is(pg_temp.in_force('otlp_endpoint'), NULL, 'an empty text unsets');

-- Every kind of value.
SELECT genops_configure(tenant_id => 'team-platform', service_name => 'ai-service',
	environment => 'production', sampling_rate => 0.1, compression => 'gzip', timeout => 2.5,
	certificate => '/etc/ca.pem', client_certificate => '/etc/c.pem', client_key => '/etc/k.pem',
	max_queue_size => 8192, schedule_delay_millis => 5000, max_export_batch_size => 1024,
	retention => '30 days 12:00', protocol => 'http/protobuf',
	resource_attributes => '{"cloud.region": "us-east-1", "shard": 3}',
	options => '{"keep_errors": true, "max_concurrent_requests": 8}') \g /dev/null
SELECT is(pg_temp.in_force(setting), value, setting || ' is in force') FROM (VALUES
	('tenant_id', 'team-platform'), ('service_name', 'ai-service'), ('environment', 'production'),
	('sampling_rate', '0.1'), ('compression', 'gzip'), ('timeout', '2.5'),
	('certificate', '/etc/ca.pem'), ('client_certificate', '/etc/c.pem'), ('client_key', '/etc/k.pem'),
	('max_queue_size', '8192'), ('schedule_delay_millis', '5000'), ('max_export_batch_size', '1024'),
	('retention', '30 days 12:00:00'), ('protocol', 'http/protobuf'),
	('resource_attributes', '{"shard": 3, "cloud.region": "us-east-1"}'),
	('keep_errors', 'true'), ('max_concurrent_requests', '8')) AS v (setting, value);
SET LOCAL intervalstyle = 'iso_8601';
SELECT genops_configure(retention => '7 days') \g /dev/null
SELECT is(pg_temp.in_force('retention'), '7 days', 'an interval is kept in one style');
RESET intervalstyle;

-- Resetting.
SELECT results_eq($$SELECT * FROM genops_reset('sampling_rate')$$,
	$$VALUES ('sampling_rate', '1', 'default', NULL)$$, 'one setting is reset');
SELECT is_empty($$SELECT * FROM genops_reset('sampling_rate')$$, 'once');
SELECT throws_ok($$SELECT genops_reset('sampling')$$, '42704', 'unrecognized setting "sampling"',
	'what is no setting cannot be reset');
SELECT genops_reset('all') \g /dev/null
SELECT is_empty($$SELECT * FROM genops.configuration WHERE source <> 'default'$$, 'all are reset');

-- Everything is checked before anything changes.
SELECT throws_like($$SELECT genops_configure(service_name => 'changed', sampling_rate => 1.5)$$,
	'%"sampling_rate": it must be between 0 and 1', 'a bad value is refused');
SELECT is(pg_temp.in_force('service_name'), 'genops-ai', 'and with it everything else');
SELECT throws_ok(call, '22023', NULL, call) FROM unnest(ARRAY[
	$$SELECT genops_configure(sampling_rate => 'NaN')$$,
	$$SELECT genops_configure(endpoint => 'tempo:3200')$$,
	$$SELECT genops_configure(endpoint => 'ftp://tempo:3200')$$,
	$$SELECT genops_configure(endpoint => 'http://user:pw@tempo:3200')$$,
	$$SELECT genops_configure(endpoint => 'http://tempo:4318')$$,
	$$SELECT genops_configure(endpoint => 'https://tempo.grafana.net')$$,
	$$SELECT genops_configure(otlp_endpoint => 'http://tempo:3200')$$,
	$$SELECT genops_configure(via_collector => true)$$,
	$$SELECT genops_configure(tenant_id => 'a|b')$$,
	$$SELECT genops_configure(tenant_id => '..')$$,
	$$SELECT genops_configure(tenant_id => repeat('x', 151))$$,
	$$SELECT genops_configure(protocol => 'grpc')$$,
	$$SELECT genops_configure(compression => 'zstd')$$,
	$$SELECT genops_configure(timeout => 0)$$,
	$$SELECT genops_configure(certificate => 'ca.pem')$$,
	$$SELECT genops_configure(client_key => '/etc/k.pem')$$,
	$$SELECT genops_configure(max_queue_size => 100)$$,
	$$SELECT genops_configure(max_export_batch_size => 0)$$,
	$$SELECT genops_configure(schedule_delay_millis => -1)$$,
	$$SELECT genops_configure(retention => '-1 day')$$,
	$$SELECT genops_configure(retention => '30')$$,
	$$SELECT genops_configure(retention => '23:59:59')$$,
	$$SELECT genops_configure(options => '{"unknown": 1}')$$,
	$$SELECT genops_configure(options => '{"max_concurrent_requests": 1.5}')$$,
	$$SELECT genops_configure(resource_attributes => '{"service.name": "x"}')$$,
	$$SELECT genops_configure(resource_attributes => '{"a": [1]}')$$,
	$$SELECT genops_configure(resource_attributes => '[]')$$]) AS call;
SELECT lives_ok($$SELECT genops_configure(endpoint => 'https://tempo.grafana.net',
		otlp_endpoint => 'https://otlp-gateway-prod-us-central-0.grafana.net/otlp')$$,
	'Grafana Cloud, with both its addresses');

-- Own changes are in force at once, and no longer when they are rolled back.
SAVEPOINT before;
SELECT genops_configure(environment => 'only here') \g /dev/null
SELECT is(pg_temp.in_force('environment'), 'only here', 'a change is in force at once');
ROLLBACK TO before;
SELECT is(pg_temp.in_force('environment'), NULL, 'and not when it is rolled back');
SELECT * FROM finish();
ROLLBACK;
