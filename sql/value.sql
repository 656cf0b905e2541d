-- SPDX-License-Identifier: PostgreSQL
-- What people and drivers pass as an id, a count, a cost, a duration or a reply.
--
-- PostgreSQL has no overloads that named arguments with defaults could choose from, and a
-- pseudo-type that takes "any" takes no untyped parameter.  So there is one type, to which
-- everything that is sensible is cast by itself.
CREATE TYPE genops.value;

CREATE FUNCTION genops_internal.value_in(cstring) RETURNS genops.value
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_value_in';
CREATE FUNCTION genops_internal.value_out(genops.value) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_value_out';
CREATE FUNCTION genops_internal.value_recv(internal) RETURNS genops.value
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_value_recv';
CREATE FUNCTION genops_internal.value_send(genops.value) RETURNS bytea
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_value_send';

CREATE TYPE genops.value (
	INPUT = genops_internal.value_in,
	OUTPUT = genops_internal.value_out,
	RECEIVE = genops_internal.value_recv,
	SEND = genops_internal.value_send,
	LIKE = text,
	CATEGORY = 'U'
);
COMMENT ON TYPE genops.value IS
	'record: an id, a count, a cost, a duration or a reply, of whatever type it is: text, numbers, uuid, boolean, interval, json and jsonb become it by themselves. A JSON string loses its quotes, a JSON null is NULL.';

CREATE CAST (text AS genops.value) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (varchar AS genops.value) WITHOUT FUNCTION AS IMPLICIT;

-- As ::text has them: of char(n) without the blanks at the end.  Functions of our own, since
-- pg_upgrade makes casts in an order in which text is not known to be one of these values yet.
CREATE FUNCTION genops_internal.value_of_bpchar(bpchar) RETURNS genops.value
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'rtrim1';
CREATE FUNCTION genops_internal.value_of_name(name) RETURNS genops.value
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'name_text';
CREATE FUNCTION genops_internal.value_of_bool(boolean) RETURNS genops.value
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'booltext';
CREATE CAST (bpchar AS genops.value) WITH FUNCTION genops_internal.value_of_bpchar(bpchar) AS IMPLICIT;
CREATE CAST (name AS genops.value) WITH FUNCTION genops_internal.value_of_name(name) AS IMPLICIT;
CREATE CAST (boolean AS genops.value) WITH FUNCTION genops_internal.value_of_bool(boolean) AS IMPLICIT;

DO $do$
DECLARE
	source record;
BEGIN
	FOR source IN
		SELECT * FROM (VALUES
			('pg_catalog.int2', 'int2', 'IMMUTABLE'),
			('pg_catalog.int4', 'int4', 'IMMUTABLE'),
			('pg_catalog.int8', 'int8', 'IMMUTABLE'),
			('pg_catalog.float4', 'float4', 'STABLE'),
			('pg_catalog.float8', 'float8', 'STABLE'),
			('pg_catalog."numeric"', 'numeric', 'IMMUTABLE'),
			('pg_catalog.uuid', 'uuid', 'IMMUTABLE'),
			('pg_catalog."interval"', 'interval', 'STABLE'),
			('pg_catalog.json', 'json', 'IMMUTABLE'),
			('pg_catalog.jsonb', 'jsonb', 'IMMUTABLE')) AS t (type, name, volatility)
	LOOP
		EXECUTE pg_catalog.format(
			'CREATE FUNCTION genops_internal.value_of_%1$s(%2$s) RETURNS genops.value
			LANGUAGE C %3$s STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''genops_value_of_%1$s''',
			source.name, source.type, source.volatility);
		EXECUTE pg_catalog.format(
			'CREATE CAST (%2$s AS genops.value) WITH FUNCTION genops_internal.value_of_%1$s(%2$s) AS IMPLICIT',
			source.name, source.type);
	END LOOP;
END
$do$;

CREATE FUNCTION genops_internal.value_text(genops.value) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'genops_value_text';
CREATE CAST (genops.value AS text) WITH FUNCTION genops_internal.value_text(genops.value) AS ASSIGNMENT;
