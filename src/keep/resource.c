/* SPDX-License-Identifier: PostgreSQL */
/*
 * The resource of the server's own spans.
 *
 * Attribute names are OpenTelemetry's semantic conventions for resources;
 * "deployment.environment" is the older spelling of
 * "deployment.environment.name", which queries still use.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "common/cryptohash.h"
#include "common/sha1.h"
#include "configure/configuration.h"
#include "core/base/utf8.h"
#include "core/span/ai_call.h"
#include "core/span/fact_names.h"
#include "core/span/otlp_write.h"
#include "keep/resource.h"
#include "miscadmin.h"

#define SCOPE_NAME "genops_tempo"

/* OpenTelemetry's namespace for service.instance.id, a UUID of version 5. */
static const uint8 instance_namespace[] = { 0x4d, 0x63, 0x00, 0x9a, 0x8d, 0x0f, 0x11, 0xee,
	                                        0xaa, 0xd7, 0x4c, 0x79, 0x6e, 0xd8, 0xe3, 0x20 };

static void
PrintUuid(char text[37], const uint8 *bytes)
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	         bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
	         bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);
}

/* The same as long as the cluster lives, and different in each (RFC 9562,
 * section 5.5). */
static const char *
InstanceId(void)
{
	static char text[37] = "";
	uint8 digest[SHA1_DIGEST_LENGTH];
	char name[32];
	pg_cryptohash_ctx *hash;

	if (text[0] != '\0')
		return text;
	snprintf(name, sizeof(name), UINT64_FORMAT, GetSystemIdentifier());
	hash = pg_cryptohash_create(PG_SHA1);
	if (pg_cryptohash_init(hash) < 0 ||
	    pg_cryptohash_update(hash, instance_namespace, sizeof(instance_namespace)) < 0 ||
	    pg_cryptohash_update(hash, (const uint8 *) name, strlen(name)) < 0 ||
	    pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
	{
		pg_cryptohash_free(hash);
		return "";
	}
	pg_cryptohash_free(hash);
	digest[6] = (digest[6] & 0x0F) | 0x50;
	digest[8] = (digest[8] & 0x3F) | 0x80;
	PrintUuid(text, digest);
	return text;
}

static const char *
HostName(void)
{
	static char name[256] = "";

	if (name[0] == '\0' && gethostname(name, sizeof(name) - 1) != 0)
		name[0] = '\0';
	return name;
}

/* A text of the server as UTF-8.  The worker's database's name is in that
 * database's encoding by all appearances only: it may have been given in
 * another one. */
static GenopsSlice
Utf8Of(const char *text)
{
	size_t length = strlen(text);
	char *repaired = palloc(3 * length + 1);

	return (GenopsSlice){ repaired, genops_utf8_repair(repaired, (GenopsSlice){ text, length }) };
}

static GenopsFields
ConfiguredItems(const Configuration *configuration)
{
	return genops_fields((GenopsSlice){
	    configuration->resource_attributes,
	    configuration->resource_attributes ? configuration->resource_attributes_length : 0 });
}

static bool
NextConfigured(GenopsFields *items, GenopsSlice *key, GenopsValue *value)
{
	GenopsWireField field;

	while (genops_fields_next(items, &field))
		if (field.number == GENOPS_RESOURCE_ATTRIBUTES && field.wire_type == GENOPS_WIRE_BYTES &&
		    genops_read_key_value(field.bytes, key, value))
			return true;
	return false;
}

static bool
ConfiguredKey(const Configuration *configuration, GenopsSlice key)
{
	GenopsFields items = ConfiguredItems(configuration);
	GenopsSlice configured;
	GenopsValue value;

	while (NextConfigured(&items, &configured, &value))
		if (genops_slice_equal(configured, key))
			return true;
	return false;
}

/* What the configuration says of a key is not said twice. */
static void
PutItem(GenopsBytes *resource, const Configuration *configuration, GenopsSlice key,
        GenopsSlice text)
{
	GenopsBytes value = genops_bytes_over(palloc(text.length + 16), text.length + 16);

	if (text.length == 0 || ConfiguredKey(configuration, key))
		return;
	genops_otlp_any_text(&value, text);
	genops_otlp_resource_item(resource, key, (GenopsSlice){ (char *) value.data, value.length });
}

static GenopsSlice
OwnResource(GenopsSlice service_name, GenopsSlice environment)
{
	const Configuration *configuration = ConfigurationGet();
	Size room = service_name.length + 2 * environment.length +
	            configuration->resource_attributes_length + 2048;
	GenopsBytes resource = genops_bytes_over(palloc(room), room);
	char *database = get_database_name(MyDatabaseId);

	if (!genops_slice_present(service_name))
		service_name = genops_slice(configuration->service_name);
	PutItem(&resource, configuration, GENOPS_KEY("service.name"), service_name);
	PutItem(&resource, configuration, GENOPS_KEY("service.instance.id"),
	        genops_slice(InstanceId()));
	PutItem(&resource, configuration, GENOPS_KEY("deployment.environment.name"), environment);
	PutItem(&resource, configuration, GENOPS_KEY("deployment.environment"), environment);
	PutItem(&resource, configuration, GENOPS_KEY("telemetry.sdk.name"), GENOPS_LITERAL(SCOPE_NAME));
	PutItem(&resource, configuration, GENOPS_KEY("telemetry.sdk.language"), GENOPS_LITERAL("c"));
	PutItem(&resource, configuration, GENOPS_KEY("telemetry.sdk.version"),
	        GENOPS_LITERAL(GENOPS_VERSION));
	PutItem(&resource, configuration, GENOPS_KEY("db.system.name"), GENOPS_LITERAL("postgresql"));
	PutItem(&resource, configuration, GENOPS_KEY("db.namespace"), Utf8Of(database ? database : ""));
	PutItem(&resource, configuration, GENOPS_KEY("host.name"), Utf8Of(HostName()));
	genops_bytes_put(&resource, configuration->resource_attributes,
	                 configuration->resource_attributes_length);
	if (resource.failed)
		elog(ERROR, "resource of a segment does not fit into %zu bytes", room);
	return (GenopsSlice){ (char *) resource.data, resource.length };
}

static GenopsSlice
OwnScope(void)
{
	static uint8 memory[64];
	GenopsBytes scope = genops_bytes_over(memory, sizeof(memory));

	genops_otlp_scope(&scope, GENOPS_LITERAL(SCOPE_NAME), GENOPS_LITERAL(GENOPS_VERSION));
	return (GenopsSlice){ (char *) scope.data, scope.length };
}

GenopsEnvelope
ResourceEnvelope(const SpanRecord *record)
{
	GenopsEnvelope envelope = { .resource = GENOPS_ABSENT,
		                        .scope = GENOPS_ABSENT,
		                        .resource_schema_url = GENOPS_ABSENT,
		                        .scope_schema_url = GENOPS_ABSENT };

	if (genops_slice_present(record->envelope))
	{
		if (!genops_read_envelope(record->envelope, &envelope))
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			                errmsg("the resource of an ingested span is malformed")));
		return envelope;
	}
	envelope.resource = OwnResource(record->facts.text[GENOPS_TEXT_SERVICE_NAME],
	                                record->facts.text[GENOPS_TEXT_ENVIRONMENT]);
	envelope.scope = OwnScope();
	return envelope;
}

/* Whether a configured attribute of the resource says what the facts say, or
 * something else altogether. */
static bool
FollowsFacts(const GenopsSpanFacts *facts, GenopsSlice key, const GenopsValue *value)
{
	const GenopsFactName *name = genops_fact_of_resource_key(key);

	if (name != NULL &&
	    (name->which == GENOPS_TEXT_SERVICE_NAME || name->which == GENOPS_TEXT_ENVIRONMENT))
		return value->type == GENOPS_VALUE_TEXT &&
		       genops_slice_equal(value->bytes, facts->text[name->which]);
	return name == NULL && !genops_ai_call_owns_key(key);
}

bool
ResourceFollowsFacts(const SpanRecord *record)
{
	GenopsFields items = ConfiguredItems(ConfigurationGet());
	GenopsSlice key;
	GenopsValue value;

	if (genops_slice_present(record->envelope) ||
	    record->facts.text[GENOPS_TEXT_SERVICE_NAME].length == 0)
		return false;
	while (NextConfigured(&items, &key, &value))
		if (!FollowsFacts(&record->facts, key, &value))
			return false;
	return true;
}
