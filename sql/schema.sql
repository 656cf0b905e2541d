-- SPDX-License-Identifier: PostgreSQL
CREATE SCHEMA genops;
COMMENT ON SCHEMA genops IS
	'The ledger of AI calls: genops.spans, genops.spend, genops.route and the statistics of recording and delivery. What begins with ledger_ is internal.';

CREATE SCHEMA genops_internal;
COMMENT ON SCHEMA genops_internal IS
	'Functions that the extension''s own objects are made of. Nothing here is for people, and any of it may change.';

-- Who made a function of ours beforehand, in a schema where others may, would have our
-- own call it.
DO $$
DECLARE
	stranger text;
BEGIN
	SELECT p.oid::pg_catalog.regprocedure INTO stranger FROM pg_catalog.pg_proc p
	WHERE p.pronamespace = '@extschema@'::pg_catalog.regnamespace
		AND pg_catalog.starts_with(p.proname, 'genops_') LIMIT 1;
	IF stranger IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'duplicate_function',
			MESSAGE = pg_catalog.format('function %s exists already', stranger),
			DETAIL = 'Nothing else may be called genops_* where the extension is created.',
			HINT = 'Drop it, or create the extension in another schema.';
	END IF;
END
$$;

-- Tells the launcher, which reads shared catalogs only, that this database
-- has a ledger.  Not copied by CREATE DATABASE ... TEMPLATE.
DO $$
BEGIN
	EXECUTE pg_catalog.format('ALTER DATABASE %I SET genops_tempo.ledger = on',
							  pg_catalog.current_database());
END
$$;

CREATE FUNCTION genops_version() RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_version';
COMMENT ON FUNCTION genops_version() IS
	'operate: the version of the loaded library; that of the SQL objects is in pg_extension.';
