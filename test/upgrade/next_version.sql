-- SPDX-License-Identifier: PostgreSQL
-- What version 1.1 of the test of upgrades has that 1.0 has not, where it is installed afresh.
ALTER TABLE genops.ledger_span ADD COLUMN new_in_1_1 bigint;

CREATE FUNCTION genops.new_in_1_1() RETURNS bigint
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_new_in_1_1';
COMMENT ON FUNCTION genops.new_in_1_1() IS 'operate: New in 1.1.';
REVOKE ALL ON FUNCTION genops.new_in_1_1() FROM PUBLIC;

CREATE TABLE genops.note (name text PRIMARY KEY, note text NOT NULL);
COMMENT ON TABLE genops.note IS 'operate: Notes, new in 1.1.';
SELECT pg_catalog.pg_extension_config_dump('genops.note', '');

CREATE VIEW genops.new_rows WITH (security_invoker = true) AS
SELECT recorded_at, new_in_1_1 FROM genops.ledger_span;
COMMENT ON VIEW genops.new_rows IS 'operate: What the column that is new in 1.1 holds.';
