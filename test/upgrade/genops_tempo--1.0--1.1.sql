-- SPDX-License-Identifier: PostgreSQL
\echo Use "ALTER EXTENSION genops_tempo UPDATE TO '1.1'" to load this file. \quit

-- The library that runs must be the new one: a server that preloads it loads it when it starts.
DO $$
BEGIN
	IF pg_catalog.string_to_array(@extschema@.genops_version(), '.')::integer[] < ARRAY[1, 1] THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = pg_catalog.format('the library that is loaded has version %s, and the update is to version 1.1',
				@extschema@.genops_version()),
			HINT = 'Restart the server, then update the extension.';
	END IF;
END
$$;

-- Whoever reads the ledger for long must not make everybody else wait behind this.
SET LOCAL lock_timeout = '10s';

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
