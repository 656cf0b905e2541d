-- SPDX-License-Identifier: PostgreSQL
-- The configuration of this database: what genops_configure() sets, the routes,
-- and the view that shows what is in force.

-- Every value as a text.  A header is here by its name only: its value is in
-- genops.secret.
CREATE TABLE genops.setting (
	name text COLLATE "C" PRIMARY KEY,
	value text NOT NULL,
	CHECK (name <> 'resource_attributes' OR pg_catalog.jsonb_typeof(value::jsonb) = 'object'),
	CHECK (name <> 'retention' OR value::interval >= '0'::interval)
);

-- Which tenant, address and sampling spans get.  Conditions that are NULL match
-- everything; the first route by position, then name, whose conditions all hold
-- is taken.
CREATE TABLE genops.route (
	position integer NOT NULL DEFAULT 100,
	name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[ -~]{1,100}$'),
	team text CHECK (team <> ''),
	customer_id text CHECK (customer_id <> ''),
	environment text CHECK (environment <> ''),
	database text CHECK (database <> ''),
	role text CHECK (role <> ''),
	tenant_id text COLLATE "C" CHECK (length(tenant_id) <= 150 AND tenant_id NOT IN ('.', '..') AND
		tenant_id ~ '^([A-Za-z0-9!_.*''()-]|[{](customer_id|team|project|environment|cost_center)[}])+$'),
	otlp_endpoint text CHECK (otlp_endpoint ~ '^https?://[^[:space:]/@#?]+(/[^[:space:]@#?]*)?$'),
	sampling_rate double precision CHECK (sampling_rate BETWEEN 0::double precision AND 1::double precision),
	headers text[] NOT NULL DEFAULT '{}'
);

-- Values of headers.  Not dumped; row security without a policy keeps
-- pg_read_all_data out.
CREATE TABLE genops.secret (
	name text COLLATE "C" NOT NULL,
	route text COLLATE "C" REFERENCES genops.route (name) ON UPDATE CASCADE ON DELETE CASCADE,
	value text NOT NULL,
	UNIQUE NULLS NOT DISTINCT (route, name)
);
ALTER TABLE genops.secret ENABLE ROW LEVEL SECURITY;
-- A publication FOR ALL TABLES must not make genops_configure() fail.
ALTER TABLE genops.secret REPLICA IDENTITY FULL;

SELECT pg_catalog.pg_extension_config_dump('genops.setting', '');
SELECT pg_catalog.pg_extension_config_dump('genops.route', '');

COMMENT ON TABLE genops.setting IS
	'Internal: what genops_configure() set. Query genops.configuration.';
COMMENT ON TABLE genops.secret IS
	'Internal: values of headers. Not part of a dump: set them again after a restore.';
COMMENT ON TABLE genops.route IS
	'administer: rules that give spans a tenant, an OTLP address, headers or a sampling rate by what they are. The first one by position, then name, whose conditions all hold is taken; NULL conditions match everything. A tenant that the call or its session names beats the route''s, and the route''s beats genops_configure()''s. A route''s own address and sampling rate beat also the environment''s (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER).';
COMMENT ON COLUMN genops.route.position IS 'Routes are tried in this order.';
COMMENT ON COLUMN genops.route.role IS
	'Matches calls of this role: the one logged in, or that SET ROLE made current; not the owner of a security definer function.';
COMMENT ON COLUMN genops.route.tenant_id IS
	'The tenant, which may contain {customer_id}, {team}, {project}, {environment} and {cost_center}; a span that has none of such a thing does not match. What a tenant''s name cannot have is written as ! and two hexadecimal digits.';
COMMENT ON COLUMN genops.route.otlp_endpoint IS
	'An OTLP/HTTP address of its own, to which v1/traces is appended. It gets the route''s headers only.';
COMMENT ON COLUMN genops.route.headers IS
	'Names of the headers that genops_route_headers() set. Without an address of its own, they are added to those of the configuration.';

-- All backends read the configuration again when one of the tables changed,
-- also when a subscription changes it.
CREATE FUNCTION genops_internal.configuration_changed() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME', 'genops_configuration_changed';
COMMENT ON FUNCTION genops_internal.configuration_changed() IS
	'Internal: tells every session that the configuration changed.';
CREATE FUNCTION genops_internal.wake_worker() RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'genops_wake_worker';
COMMENT ON FUNCTION genops_internal.wake_worker() IS
	'Internal: makes the worker look at configuration, routes and streams when the transaction commits.';

-- What is changed as the extension's owner, or by an administrator for others,
-- must not run anybody else's code.
CREATE FUNCTION genops_internal.require_own_triggers(changed_table regclass) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'genops_require_own_triggers';
COMMENT ON FUNCTION genops_internal.require_own_triggers(regclass) IS
	'Internal: raises if somebody else has a trigger on the table.';

CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.setting
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.configuration_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.secret
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.configuration_changed();
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON genops.route
	FOR EACH STATEMENT EXECUTE FUNCTION genops_internal.configuration_changed();
ALTER TABLE genops.setting ENABLE ALWAYS TRIGGER changed;
ALTER TABLE genops.secret ENABLE ALWAYS TRIGGER changed;
ALTER TABLE genops.route ENABLE ALWAYS TRIGGER changed;

-- What is being stored, so that no statement and no plan has a secret.
CREATE FUNCTION genops_internal.secret_to_store() RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'genops_secret_to_store';
COMMENT ON FUNCTION genops_internal.secret_to_store() IS
	'Internal: the value that is being written into genops.secret; NULL at any other time.';
REVOKE ALL ON FUNCTION genops_internal.secret_to_store() FROM PUBLIC;

CREATE FUNCTION genops_configure(
	endpoint text DEFAULT NULL,
	via_collector boolean DEFAULT NULL,
	collector_endpoint text DEFAULT NULL,
	tenant_id text DEFAULT NULL,
	service_name text DEFAULT NULL,
	environment text DEFAULT NULL,
	sampling_rate double precision DEFAULT NULL,
	headers jsonb DEFAULT NULL,
	otlp_endpoint text DEFAULT NULL,
	collector_headers jsonb DEFAULT NULL,
	protocol text DEFAULT NULL,
	compression text DEFAULT NULL,
	timeout double precision DEFAULT NULL,
	certificate text DEFAULT NULL,
	client_certificate text DEFAULT NULL,
	client_key text DEFAULT NULL,
	basic_auth text DEFAULT NULL,
	headers_file text DEFAULT NULL,
	resource_attributes jsonb DEFAULT NULL,
	max_queue_size integer DEFAULT NULL,
	schedule_delay_millis integer DEFAULT NULL,
	max_export_batch_size integer DEFAULT NULL,
	retention interval DEFAULT NULL,
	options jsonb DEFAULT NULL
) RETURNS TABLE (setting text, value text, source text, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'genops_configure';
COMMENT ON FUNCTION genops_configure IS
	'administer: configures recording and delivery for this database and returns what changed. NULL leaves a setting as it is, an empty text unsets it (also: genops_reset). Without any argument it configures a local Tempo, if nothing is configured yet. endpoint is Tempo''s query address; spans go to port 4318 of the same host, or to otlp_endpoint, or with via_collector to collector_endpoint. headers are for both addresses of Tempo, collector_headers for the Collector; they are merged with those that are there, and null removes one. TEMPO_AUTH_HEADER replaces Tempo''s Authorization, OTEL_EXPORTER_OTLP_HEADERS are added where spans are sent to, unless a route with an address of its own names that; headers_file comes before headers. A value may be ${env:NAME} or ${file:/path}, or all may be in headers_file, so that no secret is in the statement; that takes the rights of pg_read_server_files. timeout is in seconds. options: keep_errors, max_concurrent_requests, duplicate_window, max_keys, tempo_is_multitenant. What an address has behind a question mark is kept like a header, and not dumped. Variables of the server''s environment (OTEL_*, TEMPO_*, ENVIRONMENT) win, with a WARNING. Applied when the transaction commits.';

CREATE FUNCTION genops_reset(setting text)
RETURNS TABLE (setting text, value text, source text, note text)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'genops_reset';
COMMENT ON FUNCTION genops_reset IS
	'administer: takes a setting of genops.configuration back to its default: one, "headers" or "collector_headers" with all of a kind, or "all". Routes stay. Returns what changed.';

CREATE FUNCTION genops_route_headers(route text, headers jsonb) RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'genops_route_headers';
COMMENT ON FUNCTION genops_route_headers(text, jsonb) IS
	'administer: sets headers of a route in genops.route, as genops_configure(headers => ...) does for all; null removes one.';

CREATE FUNCTION genops_internal.configuration_rows(
	OUT setting text, OUT value text, OUT source text, OUT description text
) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 30
AS 'MODULE_PATHNAME', 'genops_configuration';
COMMENT ON FUNCTION genops_internal.configuration_rows() IS 'Internal: the rows of genops.configuration.';

CREATE VIEW genops.configuration AS
	SELECT setting, value, source, description FROM genops_internal.configuration_rows();
COMMENT ON VIEW genops.configuration IS
	'administer: every setting of genops_configure(), the value in force, and where it comes from: "configure", "default", or a variable of the server''s environment. Values of headers are masked.';
