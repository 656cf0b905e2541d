/* SPDX-License-Identifier: PostgreSQL */
/*
 * Changes of the configuration.
 */
#include "postgres.h"

#include <unistd.h>

#include "catalog/pg_authid.h"
#include "configure/change.h"
#include "configure/environment.h"
#include "configure/header_text.h"
#include "configure/identity.h"
#include "configure/json_pairs.h"
#include "configure/notify.h"
#include "configure/resource_attributes.h"
#include "configure/store.h"
#include "configure/values.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "record/arguments.h"
#include "utils/acl.h"
#include "utils/formatting.h"

static void __attribute__((noreturn)) RefuseValue(const char *name, const GenopsError *error)
{
	GenopsError named = *error;

	genops_error_set(&named, error->code, "invalid value for parameter \"%s\": %s", name,
	                 error->message);
	if (error->detail[0])
		genops_error_detail(&named, "%s", error->detail);
	if (error->hint[0])
		genops_error_hint(&named, "%s", error->hint);
	ReportCoreError(&named, ERRCODE_INVALID_PARAMETER_VALUE);
}

/* The functions run as the extension's owner: the right is that of who calls.  That is
 * not the outer user where the server runs others' code for a table that it maintains,
 * such as an index expression's for ANALYZE. */
void
ChangeRequireFileRight(const char *what)
{
	if (!InSecurityRestrictedOperation() &&
	    has_privs_of_role(GetOuterUserId(), ROLE_PG_READ_SERVER_FILES))
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to set \"%s\"", what),
	     errdetail("It makes the server read one of its files or a variable of its environment, "
	               "which takes the privileges of the role \"pg_read_server_files\".")));
}

static List *
AppendChange(List *changes, const char *name, const char *value, bool is_secret)
{
	Change *change = palloc(sizeof(Change));

	change->name = pstrdup(name);
	change->value = value ? pstrdup(value) : NULL;
	change->is_secret = is_secret;
	return lappend(changes, change);
}

/* What is not there yet blocks delivery until it is. */
static void
WarnUnreadable(const char *name, const char *path)
{
	if (access(path, R_OK) != 0)
		ereport(WARNING,
		        (errcode_for_file_access(),
		         errmsg("\"%s\" names a file that the server cannot read: \"%s\": %m", name, path),
		         errhint("Nothing is delivered or asked for until it can.")));
}

List *
ChangeSetting(List *changes, SettingId id, const char *value)
{
	const SettingDefinition *definition = &setting_definitions[id];
	GenopsError error;

	if (value[0] == '\0')
		return AppendChange(changes, definition->name, NULL, false);
	if (!definition->check(value, &error))
		RefuseValue(definition->name, &error);
	if (definition->names_file)
	{
		ChangeRequireFileRight(definition->name);
		WarnUnreadable(definition->name, value);
	}
	return AppendChange(changes, definition->name, value, false);
}

char *
ChangeCheckHeader(const char *argument, const char *name, const char *value)
{
	GenopsError error;
	char *lower = asc_tolower(name, strlen(name));

	if (strcmp(lower, "x-scope-orgid") == 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("invalid value for parameter \"%s\": header \"X-Scope-OrgID\" is the tenant's",
		            argument),
		     errhint("Use tenant_id.")));
	if (!genops_header_check(genops_slice(name), genops_slice(value), &error))
		RefuseValue(argument, &error);
	if (HeaderValueRefers(value))
		ChangeRequireFileRight(argument);
	if (!HeaderReferencesKnown(value, &error))
		RefuseValue(argument, &error);
	if (!HeaderReferencesFound(value, &error))
		ereport(WARNING,
		        (errcode(ERRCODE_WARNING),
		         errmsg("header \"%s\" refers to what is not there: %s", lower, error.message),
		         errhint("Nothing is delivered or asked for until it is.")));
	return lower;
}

typedef struct HeaderChanges
{
	List *changes;
	const char *prefix;
	const char *argument;
} HeaderChanges;

static void
AddHeader(const char *name, const JsonbValue *value, void *arg)
{
	HeaderChanges *headers = arg;
	char *text = NULL;

	if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type != jbvNull)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for parameter \"%s\": a header's value must be a text",
		                headers->argument),
		         errhint("A null removes the header.")));
	headers->changes =
	    AppendChange(headers->changes,
	                 psprintf("%s%s", headers->prefix,
	                          ChangeCheckHeader(headers->argument, name, text ? text : "")),
	                 text, true);
}

List *
ChangeHeaders(List *changes, const char *prefix, const char *argument, Jsonb *headers)
{
	HeaderChanges all = { changes, prefix, argument };

	JsonRequireObject(headers, argument);
	JsonForEachPair(headers, AddHeader, &all);
	return all.changes;
}

static Change *
Find(List *changes, const char *name)
{
	ListCell *cell;

	foreach (cell, changes)
	{
		Change *change = lfirst(cell);

		if (strcmp(change->name, name) == 0)
			return change;
	}
	return NULL;
}

List *
ChangeBasicAuth(List *changes, const char *credentials)
{
	GenopsBytes value = genops_bytes_growing();
	GenopsError error;
	char *text;

	if (Find(changes, HEADERS_PREFIX "authorization") != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("basic_auth and a header \"Authorization\" exclude each other")));
	if (credentials[0] == '\0')
		return AppendChange(changes, HEADERS_PREFIX "authorization", NULL, true);
	if (!genops_basic_auth(&value, genops_slice(credentials), &error))
		RefuseValue("basic_auth", &error);
	text = pnstrdup((const char *) value.data, value.length);
	genops_bytes_free(&value);
	return AppendChange(changes, HEADERS_PREFIX "authorization", text, true);
}

static bool
IsHeader(const char *name)
{
	return strncmp(name, HEADERS_PREFIX, strlen(HEADERS_PREFIX)) == 0 ||
	       strncmp(name, COLLECTOR_HEADERS_PREFIX, strlen(COLLECTOR_HEADERS_PREFIX)) == 0;
}

/* "headers" stands for "headers.<anything>". */
static bool
StandsFor(const char *name, const char *row)
{
	size_t length = strlen(name);

	if (!IsHeader(row) && SettingByName(row) == SETTING_COUNT)
		return false;
	return strcmp(name, "all") == 0 || pg_strcasecmp(name, row) == 0 ||
	       (IsHeader(row) && strncmp(row, name, length) == 0 && row[length] == '.');
}

List *
ChangeReset(List *changes, List *settings, const char *name)
{
	bool known = strcmp(name, "all") == 0 || strcmp(name, "headers") == 0 ||
	             strcmp(name, "collector_headers") == 0 || SettingByName(name) != SETTING_COUNT;
	ListCell *cell;

	foreach (cell, settings)
	{
		StoredSetting *setting = lfirst(cell);

		if (!StandsFor(name, setting->name))
			continue;
		changes = AppendChange(changes, setting->name, NULL, IsHeader(setting->name));
		known = true;
	}
	if (!known && !IsHeader(name))
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("unrecognized setting \"%s\"", name),
		         errhint("The view genops.configuration has all settings; \"all\" resets every one "
		                 "of them.")));
	return changes;
}

/*
 * Making them.
 */
static bool
Changes(const Change *change, List *settings, List *secrets)
{
	const char *old = StoredSettingValue(settings, change->name);

	if (change->value == NULL || old == NULL)
		return (change->value == NULL) != (old == NULL);
	if (change->is_secret)
		old = StoredSecretValue(secrets, NULL, change->name);
	return old == NULL || strcmp(old, change->value) != 0;
}

/* The rows of genops.setting as they will be. */
static List *
Afterwards(List *settings, List *changes)
{
	List *after = NIL;
	ListCell *cell;

	foreach (cell, settings)
		if (Find(changes, ((StoredSetting *) lfirst(cell))->name) == NULL)
			after = lappend(after, lfirst(cell));
	foreach (cell, changes)
	{
		Change *change = lfirst(cell);
		StoredSetting *setting = palloc(sizeof(StoredSetting));

		if (change->value == NULL)
			continue;
		setting->name = change->name;
		setting->value = change->is_secret ? HIDDEN_VALUE : change->value;
		after = lappend(after, setting);
	}
	return after;
}

/* What the environment says is not the caller's to fix. */
static bool
FromEnvironment(const SettingValues *values, SettingId a, SettingId b)
{
	return values->items[a].variable != NULL || values->items[b].variable != NULL;
}

static void
CheckAddresses(const SettingValues *values)
{
	bool via_collector = SettingBool(values->items[SETTING_VIA_COLLECTOR].text);
	char url[GENOPS_URL_SIZE];
	const char *from;
	GenopsError error;

	if (via_collector && values->items[SETTING_COLLECTOR_ENDPOINT].text == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("via_collector needs a collector_endpoint"),
		                errhint("For example: genops_configure(via_collector => true, "
		                        "collector_endpoint => 'http://otel-collector:4318').")));
	if (via_collector || values->items[SETTING_ENDPOINT].text == NULL ||
	    FromEnvironment(values, SETTING_ENDPOINT, SETTING_OTLP_ENDPOINT))
		return;
	if (!ValuesOtlpUrl(values, url, &from, &error))
		RefuseValue(from, &error);
}

static void
CheckClientCertificate(const SettingValues *values)
{
	if (FromEnvironment(values, SETTING_CLIENT_KEY, SETTING_CLIENT_CERTIFICATE) ||
	    (values->items[SETTING_CLIENT_KEY].text == NULL) ==
	        (values->items[SETTING_CLIENT_CERTIFICATE].text == NULL))
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("client_certificate and client_key need each other")));
}

static void
CheckBatch(const SettingValues *values)
{
	int queue = SettingInteger(values->items[SETTING_MAX_QUEUE_SIZE].text);
	int batch = SettingInteger(values->items[SETTING_MAX_EXPORT_BATCH_SIZE].text);

	if (FromEnvironment(values, SETTING_MAX_QUEUE_SIZE, SETTING_MAX_EXPORT_BATCH_SIZE) ||
	    queue == 0 || batch <= queue)
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("max_export_batch_size must not be greater than max_queue_size"),
	                errdetail("A batch would have %d spans, the queue holds %d.", batch, queue)));
}

static void
CheckTogether(List *settings)
{
	SettingValues values;

	ValuesResolve(settings, &values);
	CheckAddresses(&values);
	CheckClientCertificate(&values);
	CheckBatch(&values);
}

/* What its query says may be a key: that is kept, and not dumped, as a header is. */
static void
WriteAddress(const Change *change)
{
	const char *shown = AddressShown(change->value);

	StoreWriteSecret(NULL, change->name, shown == change->value ? NULL : change->value);
	StoreWriteSetting(change->name, shown);
}

static void
Write(List *changes, List *settings)
{
	ListCell *cell;

	if (changes == NIL)
		return;
	SPI_connect();
	IdentityWrite(settings, false);
	foreach (cell, changes)
	{
		Change *change = lfirst(cell);

		if (change->is_secret)
			StoreWriteSecret(NULL, change->name, change->value);
		if (SettingIsAddress(SettingByName(change->name)))
			WriteAddress(change);
		else
			StoreWriteSetting(change->name,
			                  change->value && change->is_secret ? HIDDEN_VALUE : change->value);
	}
	SPI_finish();
}

List *
ChangesMake(List *changes)
{
	List *effective = NIL;
	List *settings;
	List *secrets;
	ListCell *cell;

	StoreLock();
	settings = StoreSettings();
	secrets = StoreSecrets();
	foreach (cell, changes)
		if (Changes(lfirst(cell), settings, secrets))
			effective = lappend(effective, lfirst(cell));
	CheckTogether(Afterwards(settings, effective));
	Write(effective, settings);

	/* Also when nothing changed: somebody wants a blocked stream to try again. */
	NotifyConfigurationChange();
	return effective;
}
