-- What the database of docker-compose.yml is made of.  PostgreSQL's image runs this once, when its
-- volume is empty, in POSTGRES_DB as POSTGRES_USER.
--
--   genops_reader    Grafana's: reads the ledger, changes nothing
--   genops_monitor   the Collector's: pg_monitor and nothing else
--
-- From the environment: GENOPS_READER_PASSWORD, GENOPS_MONITOR_PASSWORD; GENOPS_TEMPO_ENDPOINT,
-- GENOPS_SERVICE_NAME, GENOPS_ENVIRONMENT, GENOPS_TENANT_ID (which may be empty).
\set ON_ERROR_STOP on
\set reader_password ''
\set monitor_password ''
\set endpoint ''
\set service_name ''
\set environment ''
\set tenant_id ''
\getenv reader_password GENOPS_READER_PASSWORD
\getenv monitor_password GENOPS_MONITOR_PASSWORD
\getenv endpoint GENOPS_TEMPO_ENDPOINT
\getenv service_name GENOPS_SERVICE_NAME
\getenv environment GENOPS_ENVIRONMENT
\getenv tenant_id GENOPS_TENANT_ID

-- The log, which may be shipped elsewhere, is no place for the passwords below.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

CREATE EXTENSION IF NOT EXISTS genops_tempo;

BEGIN;
CREATE ROLE genops_reader LOGIN PASSWORD :'reader_password' CONNECTION LIMIT 20;
ALTER ROLE genops_reader SET default_transaction_read_only = on;
ALTER ROLE genops_reader SET statement_timeout = '30s';
GRANT USAGE ON SCHEMA genops TO genops_reader;
GRANT SELECT ON
	genops.spend, genops.spans, genops.stat_recording, genops.stat_delivery,
	genops.spend_total, genops.ledger_span, genops.ledger_segment
TO genops_reader;
GRANT EXECUTE ON FUNCTION genops.recording_counts, genops.delivery_hold TO genops_reader;

CREATE ROLE genops_monitor LOGIN PASSWORD :'monitor_password' CONNECTION LIMIT 5 IN ROLE pg_monitor;
ALTER ROLE genops_monitor SET default_transaction_read_only = on;
ALTER ROLE genops_monitor SET statement_timeout = '10s';
COMMIT;

-- Where spans go unless OTEL_EXPORTER_OTLP_ENDPOINT says otherwise, and where queries are asked.
SELECT setting, value, source
FROM genops_configure(
	endpoint => nullif(:'endpoint', ''),
	service_name => nullif(:'service_name', ''),
	environment => nullif(:'environment', ''),
	tenant_id => nullif(:'tenant_id', ''));
