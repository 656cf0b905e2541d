-- SPDX-License-Identifier: PostgreSQL
-- Attribution that a role cannot change.

-- A regrole, as in genops.reader and for its reasons.
CREATE TABLE genops.pin (
	role regrole NOT NULL,
	field text COLLATE "C" NOT NULL CHECK (field IN ('team', 'project', 'customer_id', 'cost_center',
		'environment', 'feature', 'user_id', 'service_name', 'tenant_id')),
	value text NOT NULL CHECK (octet_length(value) <= 255),
	CHECK (field <> 'service_name' OR value <> ''),
	CHECK (field <> 'tenant_id' OR value = '' OR
		(length(value) <= 150 AND value NOT IN ('.', '..') AND value ~ '^[A-Za-z0-9!_.*''()-]+$')),
	PRIMARY KEY (role, field)
);
-- Without a policy: see genops.reader.
ALTER TABLE genops.pin ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON genops.pin FROM PUBLIC;

COMMENT ON TABLE genops.pin IS
	'administer: attribution that roles cannot change. Use genops_pin() and genops_unpin().';

SELECT pg_catalog.pg_extension_config_dump('genops.pin',
	'WHERE role IN (SELECT oid FROM pg_catalog.pg_roles)');

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.pin
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.configuration_changed();
ALTER TABLE genops.pin ENABLE ALWAYS TRIGGER changed;

CREATE FUNCTION genops_internal.require_tenant(tenant text) RETURNS void
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'genops_require_tenant';
COMMENT ON FUNCTION genops_internal.require_tenant(text) IS
	'Internal: raises for what Tempo does not take as a tenant. An empty text is none.';

CREATE FUNCTION genops_pin(
	role text,
	team text DEFAULT NULL,
	project text DEFAULT NULL,
	customer_id text DEFAULT NULL,
	cost_center text DEFAULT NULL,
	environment text DEFAULT NULL,
	feature text DEFAULT NULL,
	user_id text DEFAULT NULL,
	service_name text DEFAULT NULL,
	tenant_id text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pinned CONSTANT regrole NOT NULL := genops_internal.role_by_name(role);
BEGIN
	IF pinned = 0::oid THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'attribution is pinned for a role, not for PUBLIC',
			HINT = 'Call it once for each role that logs in.';
	END IF;
	IF service_name = '' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'service_name cannot be pinned to none',
			HINT = 'Every span has a service. NULL leaves it as it is.';
	END IF;
	PERFORM genops_internal.require_tenant(tenant_id);
	PERFORM genops_internal.require_own_triggers('genops.pin');
	DELETE FROM genops.pin p WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = p.role);
	INSERT INTO genops.pin AS p (role, field, value)
	SELECT pinned, given.field, given.value
	FROM (VALUES ('team', team), ('project', project), ('customer_id', customer_id),
		('cost_center', cost_center), ('environment', environment), ('feature', feature),
		('user_id', user_id), ('service_name', service_name), ('tenant_id', tenant_id)) given (field, value)
	WHERE given.value IS NOT NULL
	ON CONFLICT ON CONSTRAINT pin_pkey DO UPDATE SET value = EXCLUDED.value;
END
$$;
COMMENT ON FUNCTION genops_pin IS
	'administer: pins attribution of the calls that a role records: it beats arguments, settings, role defaults and the configuration. NULL leaves a field as it is, '''' pins it to none. It holds for sessions that log in as the role, whatever they SET ROLE to, and for those that SET ROLE to it, where the role that logged in has no pin of its own; members of the role do not inherit it. Of spans that the role hands in by genops_ingest(), only the tenant is pinned.';

CREATE FUNCTION genops_unpin(role text, field text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pinned CONSTANT regrole NOT NULL := genops_internal.role_by_name(role);
BEGIN
	PERFORM genops_internal.require_own_triggers('genops.pin');
	DELETE FROM genops.pin p WHERE p.role = pinned AND p.field = coalesce($2, p.field);
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = CASE WHEN $2 IS NULL THEN format('nothing is pinned for role "%s"', $1)
				ELSE format('"%s" is not pinned for role "%s"', $2, $1) END,
			HINT = 'The table genops.pin has what is pinned.';
	END IF;
END
$$;
COMMENT ON FUNCTION genops_unpin(text, text) IS
	'administer: takes back what genops_pin() pinned for a role: one field, or all.';
