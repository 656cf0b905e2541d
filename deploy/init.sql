-- SPDX-License-Identifier: PostgreSQL
-- What the database of docker-compose.yml is made of.  PostgreSQL's image runs this once, when its
-- volume is empty, in POSTGRES_DB as POSTGRES_USER.  It may be run again, in other databases of
-- the server, too: roles that are there keep what they have, and get the password given here.
--
--   genops_reader    Grafana's: reads the ledger, changes nothing
--   genops_monitor   the Collector's: pg_monitor and nothing else
--
-- From the environment: GENOPS_READER_PASSWORD, GENOPS_MONITOR_PASSWORD; GENOPS_SERVICE_NAME,
-- GENOPS_ENVIRONMENT, GENOPS_TENANT_ID (which may be empty).
\set ON_ERROR_STOP on
\set reader_password ''
\set monitor_password ''
\set service_name ''
\set environment ''
\set tenant_id ''
\getenv reader_password GENOPS_READER_PASSWORD
\getenv monitor_password GENOPS_MONITOR_PASSWORD
\getenv service_name GENOPS_SERVICE_NAME
\getenv environment GENOPS_ENVIRONMENT
\getenv tenant_id GENOPS_TENANT_ID

-- The log, which may be shipped elsewhere, is no place for the passwords below.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

CREATE EXTENSION IF NOT EXISTS genops_tempo;

BEGIN;
SELECT 'CREATE ROLE genops_reader' WHERE pg_catalog.to_regrole('genops_reader') IS NULL \gexec
ALTER ROLE genops_reader LOGIN PASSWORD :'reader_password' CONNECTION LIMIT 20;
ALTER ROLE genops_reader SET default_transaction_read_only = on;
ALTER ROLE genops_reader SET statement_timeout = '30s';
SELECT FROM genops_grant('genops_reader', 'read');
-- A transaction that is read only does not keep from recording, as what is recorded is no change of
-- the transaction's.  So it is for roles that are given it: SELECT genops_grant('app', 'record').
SELECT FROM genops_revoke('public', 'record');
GRANT SELECT ON genops.stat_recording TO genops_reader;
GRANT EXECUTE ON FUNCTION genops_internal.recording_counts TO genops_reader;

SELECT 'CREATE ROLE genops_monitor' WHERE pg_catalog.to_regrole('genops_monitor') IS NULL \gexec
ALTER ROLE genops_monitor LOGIN PASSWORD :'monitor_password' CONNECTION LIMIT 5;
GRANT pg_monitor TO genops_monitor;
ALTER ROLE genops_monitor SET default_transaction_read_only = on;
ALTER ROLE genops_monitor SET statement_timeout = '10s';
COMMIT;

-- Addresses are not the database's matter: the server has them from its environment, TEMPO_ENDPOINT
-- and OTEL_EXPORTER_OTLP_ENDPOINT.
SELECT setting, value, source
FROM genops_configure(
	service_name => nullif(:'service_name', ''),
	environment => nullif(:'environment', ''),
	tenant_id => nullif(:'tenant_id', ''));
