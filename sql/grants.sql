-- SPDX-License-Identifier: PostgreSQL
-- Who may do what.
--
-- Recording is open to everybody, as are the functions that need nothing but
-- it.  What says what a call cost, makes the server talk to an address, or shows what
-- others recorded, is not.

-- Recording touches no table as its caller.
GRANT USAGE ON SCHEMA genops, genops_internal TO PUBLIC;

REVOKE ALL ON FUNCTION
	genops_configure, genops_reset, genops_route_headers,
	genops_pause_delivery, genops_resume_delivery, genops_resend, genops_pin, genops_unpin,
	genops_validate, genops_validation_report, genops_quick_start
FROM PUBLIC;

REVOKE ALL ON FUNCTION
	genops_internal.wake_worker, genops_internal.configuration_changed, genops_internal.require_own_triggers,
	genops_internal.configuration_rows, genops_internal.recording_counts
FROM PUBLIC;

REVOKE ALL ON genops.setting, genops.secret, genops.route FROM PUBLIC;

-- As for PostgreSQL's own statistics.  No secret is in these views.
GRANT SELECT ON genops.stat_recording, genops.configuration TO pg_monitor;
GRANT EXECUTE ON FUNCTION genops_internal.configuration_rows, genops_internal.recording_counts TO pg_monitor;

-- It chooses the rows by who asks.
GRANT SELECT ON genops.stat_delivery TO PUBLIC;

CREATE FUNCTION genops.may_charge() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT true';
COMMENT ON FUNCTION genops.may_charge() IS
	'Who may execute this may say what a call cost. Use genops_grant() and genops_revoke().';
REVOKE ALL ON FUNCTION genops.may_charge FROM PUBLIC;

-- Names of roles, where PUBLIC is one too.
CREATE FUNCTION genops_internal.role_by_name(name text) RETURNS regrole
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_oid CONSTANT oid := (SELECT r.oid FROM pg_roles r WHERE r.rolname = $1);
BEGIN
	IF $1 = 'public' THEN
		RETURN 0::oid;
	END IF;
	IF found_oid IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object',
			MESSAGE = CASE WHEN $1 IS NULL THEN 'a role must be named' ELSE format('role "%s" does not exist', $1) END,
			HINT = 'Give its name as it is in pg_roles, without quotes around it, or public.';
	END IF;
	RETURN found_oid;
END
$$;
COMMENT ON FUNCTION genops_internal.role_by_name(text) IS
	'Internal: a role; 0 for public.';

-- What a privilege stands for, as GRANT has it.  TRIGGER and TRUNCATE are in none:
-- a trigger runs as whoever changes the table.  No right is in two, so that
-- revoking one takes nothing from the other.
CREATE FUNCTION genops_internal.rights_of(privilege text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	CASE privilege
	WHEN 'record' THEN
		RETURN ARRAY['EXECUTE ON FUNCTION @extschema@.genops_track, @extschema@.genops_record, @extschema@.genops_begin, genops_internal.begin, @extschema@.genops_observe, genops_internal.observe, @extschema@.genops_end, @extschema@.genops_traceparent, @extschema@.genops_flush'];
	WHEN 'charge' THEN
		RETURN ARRAY['EXECUTE ON FUNCTION genops.may_charge, @extschema@.genops_adjust, @extschema@.genops_ingest, @extschema@.genops_ingest_protobuf'];
	WHEN 'read' THEN
		RETURN ARRAY['SELECT ON genops.spans, genops.unpriced, genops.spend, genops.uncounted, genops.adjustment, genops.segment, genops.ledger_span, genops.ledger_segment, genops.spend_total',
			'EXECUTE ON FUNCTION @extschema@.genops_price_for, genops_internal.span_delivery, genops.tempo_trace, genops.tempo_tags, genops.tempo_tag_values, genops.tempo_version'];
	WHEN 'configure' THEN
		RETURN ARRAY['EXECUTE ON FUNCTION @extschema@.genops_configure, @extschema@.genops_reset, @extschema@.genops_route_headers, @extschema@.genops_pause_delivery, @extschema@.genops_resume_delivery, @extschema@.genops_resend, @extschema@.genops_validate, @extschema@.genops_validation_report, @extschema@.genops_quick_start, @extschema@.genops_load_prices, genops_internal.configuration_rows, genops_internal.recording_counts',
			'SELECT ON genops.configuration, genops.stat_recording',
			'SELECT, INSERT, UPDATE, DELETE ON genops.route',
			'SELECT, INSERT, UPDATE, DELETE ON genops.price, genops.price_alias'];
	ELSE
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('unrecognized privilege "%s"', privilege),
			HINT = 'The privileges are "record", "charge", "read" and "configure".';
	END CASE;
END
$$;
COMMENT ON FUNCTION genops_internal.rights_of(text) IS 'Internal: what genops_grant() grants.';

-- "change" is a GRANT or a REVOKE with places for the right and the role.
CREATE FUNCTION genops_internal.change_rights(privilege text, change text, grantee regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights CONSTANT text[] NOT NULL := genops_internal.rights_of(privilege);
	one_right text;
BEGIN
	FOREACH one_right IN ARRAY rights LOOP
		EXECUTE format(change, one_right, CASE grantee WHEN 0::oid THEN 'PUBLIC' ELSE grantee::text END);
	END LOOP;
END
$$;
COMMENT ON FUNCTION genops_internal.change_rights(text, text, regrole) IS
	'Internal: grants or revokes what a privilege stands for.';

CREATE FUNCTION genops_internal.check_tenants(privilege text, tenants text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF tenants IS NULL THEN
		RETURN;
	END IF;
	IF privilege <> 'read' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('privilege "%s" cannot be limited to tenants', privilege),
			HINT = 'Only "read" can.';
	END IF;
	IF cardinality(tenants) = 0 OR array_position(tenants, NULL) IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'tenants must be names of tenants, and at least one',
			HINT = 'An empty text stands for spans without a tenant; leave tenants out to mean all.';
	END IF;
	PERFORM genops_internal.require_tenant(t.name) FROM unnest(tenants) AS t (name);
END
$$;
COMMENT ON FUNCTION genops_internal.check_tenants(text, text[]) IS
	'Internal: raises for tenants that genops_grant() cannot take.';

-- They run as who calls them, and so grant only what that role may.
CREATE FUNCTION genops_grant(role text, privilege text, tenants text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	grantee CONSTANT regrole NOT NULL := genops_internal.role_by_name(role);
BEGIN
	PERFORM genops_internal.check_tenants(privilege, tenants);
	PERFORM genops_internal.change_rights(privilege, 'GRANT %s TO %s', grantee);
	IF privilege <> 'read' THEN
		RETURN;
	END IF;
	PERFORM genops_internal.require_own_triggers('genops.reader');
	DELETE FROM genops.reader r WHERE r.role <> 0::oid AND NOT EXISTS (SELECT FROM pg_roles WHERE oid = r.role);
	IF tenants IS NULL THEN
		DELETE FROM genops.reader r WHERE r.role = grantee;
		INSERT INTO genops.reader VALUES (grantee, NULL);
	ELSIF EXISTS (SELECT FROM genops.reader r WHERE r.role = grantee AND r.tenant_id IS NULL) THEN
		RAISE NOTICE USING MESSAGE = format('role "%s" reads all tenants already', role),
			HINT = 'To limit it, revoke "read" first.';
	ELSE
		INSERT INTO genops.reader SELECT grantee, unnest(tenants) ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION genops_grant(text, text, text[]) IS
	'administer: gives a role, or public, a privilege. record: to record AI calls, which everybody may unless it is revoked from public. charge: to say what a call cost, and to hand in spans that others made (genops_ingest). read: to read the ledger, of some tenants or of all. configure: to configure recording and delivery, and so where spans and headers are sent.';

CREATE FUNCTION genops_revoke(role text, privilege text, tenants text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	grantee CONSTANT regrole NOT NULL := genops_internal.role_by_name(role);
BEGIN
	PERFORM genops_internal.check_tenants(privilege, tenants);
	IF privilege = 'read' THEN
		PERFORM genops_internal.require_own_triggers('genops.reader');
		IF tenants IS NOT NULL AND
			EXISTS (SELECT FROM genops.reader r WHERE r.role = grantee AND r.tenant_id IS NULL)
		THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('role "%s" reads all tenants', role),
				HINT = 'Revoke "read" without tenants, then grant it for those that it may read.';
		END IF;
		DELETE FROM genops.reader r WHERE r.role = grantee
			AND (tenants IS NULL OR r.tenant_id = ANY (tenants));
		IF EXISTS (SELECT FROM genops.reader r WHERE r.role = grantee) THEN
			RETURN;
		END IF;
	END IF;
	PERFORM genops_internal.change_rights(privilege, 'REVOKE %s FROM %s', grantee);
END
$$;
COMMENT ON FUNCTION genops_revoke(text, text, text[]) IS
	'administer: takes a privilege of genops_grant() from a role, or from public; of "read", some tenants or all. What the role has as a member of another, or by public, stays.';

REVOKE ALL ON FUNCTION
	genops_internal.rights_of, genops_internal.change_rights, genops_internal.check_tenants, genops_internal.role_by_name,
	genops_grant, genops_revoke
FROM PUBLIC;
