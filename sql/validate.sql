-- SPDX-License-Identifier: PostgreSQL
-- Whether everything is set up, and what is to be done where it is not.

CREATE FUNCTION genops_validate(
	tempo_endpoint text DEFAULT NULL,
	check_connectivity boolean DEFAULT true,
	check_write boolean DEFAULT true,
	check_read boolean DEFAULT true,
	check_traceql boolean DEFAULT true,
	timeout double precision DEFAULT 5
) RETURNS TABLE (check_name text, status text, message text, fix text)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 20
AS 'MODULE_PATHNAME', 'genops_validate';
COMMENT ON FUNCTION genops_validate IS
	'operate: checks the extension, its ledger and worker, the configuration, and Tempo, and says how to fix what is wrong: status is ok, warning, error or skipped, fix the statement or the line to change. tempo_endpoint is a query address to try instead of the configured one, which gets no configured header and takes the right to call genops_configure(). check_connectivity asks whether Tempo answers, check_write sends a span (which is in no ledger and costs nothing), check_read reads it back, check_traceql tries TraceQL. timeout is in seconds, for all checks together. Reading back asks endpoint, also where spans go to a Collector.';

CREATE FUNCTION genops_validation_report(
	tempo_endpoint text DEFAULT NULL,
	check_connectivity boolean DEFAULT true,
	check_write boolean DEFAULT true,
	check_read boolean DEFAULT true,
	check_traceql boolean DEFAULT true,
	timeout double precision DEFAULT 5
) RETURNS SETOF text
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 40
AS 'MODULE_PATHNAME', 'genops_validation_report';
COMMENT ON FUNCTION genops_validation_report IS
	'operate: what genops_validate() finds, as lines for people.';

CREATE FUNCTION genops_quick_start() RETURNS SETOF text
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 50
AS 'MODULE_PATHNAME', 'genops_quick_start';
COMMENT ON FUNCTION genops_quick_start() IS
	'operate: configures a local Tempo if nothing is configured yet, validates the setup, records a sample call that cost nothing, and prints the queries that find it.';
