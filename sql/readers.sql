-- SPDX-License-Identifier: PostgreSQL
-- Who reads the ledger, and whose spans.
--
-- SELECT alone shows nothing: each table with tenants in it has row security,
-- and so has each of its partitions, which a policy of the parent does not guard.
-- Owner, superusers and roles with BYPASSRLS see everything.  A role sees
-- what is granted to the roles whose privileges it has.

-- A regrole: it follows a role that is renamed, and is dumped as its name, so
-- that no other role inherits it in another cluster.  What a dropped role
-- leaves is not dumped (it would come back as the number of somebody
-- else), and is removed with the next genops_grant().
CREATE TABLE genops.reader (
	role regrole NOT NULL,				-- '-' is PUBLIC
	tenant_id text COLLATE "C",			-- NULL: all; '': spans without a tenant
	UNIQUE NULLS NOT DISTINCT (role, tenant_id)
);
ALTER TABLE genops.reader REPLICA IDENTITY FULL;
-- No policy: not even a role with all rights on it grants itself anything.
ALTER TABLE genops.reader ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON genops.reader FROM PUBLIC;

COMMENT ON TABLE genops.reader IS
	'Internal: the tenants that roles may read. Use genops_grant() and genops_revoke().';

SELECT pg_catalog.pg_extension_config_dump('genops.reader',
	'WHERE role = 0::oid OR role IN (SELECT oid FROM pg_catalog.pg_roles)');

-- For policies, as (SELECT ...): then they are asked once a statement, not
-- once a row.  They answer for the current user, who in a view that is no
-- security invoker is whoever queries it.
CREATE FUNCTION genops.reads_all_tenants() RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_reads_all_tenants';
COMMENT ON FUNCTION genops.reads_all_tenants() IS
	'Whether the current user may read the spans of every tenant.';

CREATE FUNCTION genops.readable_tenants() RETURNS text[]
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_readable_tenants';
COMMENT ON FUNCTION genops.readable_tenants() IS
	'The tenants that the current user may read, unless it is all of them; an empty text stands for spans without a tenant.';

CREATE FUNCTION genops_internal.require_read() RETURNS void
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_require_read';
COMMENT ON FUNCTION genops_internal.require_read() IS
	'Internal: raises, and says what would help, unless the current user may read the ledger.';
