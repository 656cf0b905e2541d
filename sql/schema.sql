CREATE SCHEMA genops;
COMMENT ON SCHEMA genops IS
	'The ledger of AI calls: genops.spans, genops.spend, genops.route and the statistics of recording and delivery. What begins with ledger_ is internal.';

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
	'The version of the loaded library; that of the SQL objects is in pg_extension.';
