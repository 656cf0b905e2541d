/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_configure(), genops_reset() and genops_route_headers().
 *
 * They run as the extension's owner (SECURITY DEFINER); who may call them is a
 * matter of EXECUTE.
 */
#include "postgres.h"

#include "compat.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "configure/change.h"
#include "configure/environment.h"
#include "configure/json_pairs.h"
#include "configure/notify.h"
#include "configure/report.h"
#include "configure/resource_attributes.h"
#include "configure/store.h"
#include "configure/values.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_configure);
PG_FUNCTION_INFO_V1(genops_reset);
PG_FUNCTION_INFO_V1(genops_route_headers);

#define DEFAULT_ENDPOINT "http://localhost:3200"

/* The arguments of genops_configure() that are no setting of one text. */
enum
{
	ARGUMENT_HEADERS = 7,
	ARGUMENT_COLLECTOR_HEADERS = 9,
	ARGUMENT_BASIC_AUTH = 16,
	ARGUMENT_RESOURCE_ATTRIBUTES = 18,
	ARGUMENT_OPTIONS = 23,
	ARGUMENT_COUNT
};

typedef char *(*ArgumentToText)(Datum value);

static char *
TextToText(Datum value)
{
	return TextDatumGetCString(value);
}

static char *
BoolToText(Datum value)
{
	return DatumGetBool(value) ? "true" : "false";
}

static char *
IntegerToText(Datum value)
{
	return psprintf("%d", DatumGetInt32(value));
}

static char *
RealToText(Datum value)
{
	char *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(DatumGetFloat8(value), text);
	return text;
}

/* In one style, whatever the session's is: it must be read back anywhere. */
static char *
IntervalToText(Datum value)
{
	struct pg_itm parts;
	char *text = palloc(MAXDATELEN + 1);

#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(DatumGetIntervalP(value)))
		return "00:00:00";
#endif
	interval2itm(*DatumGetIntervalP(value), &parts);
	EncodeInterval(&parts, INTSTYLE_POSTGRES, text);
	return text;
}

static const struct
{
	int argument;
	SettingId id;
	ArgumentToText to_text;
} simple_arguments[] = {
	{ 0, SETTING_ENDPOINT, TextToText },
	{ 1, SETTING_VIA_COLLECTOR, BoolToText },
	{ 2, SETTING_COLLECTOR_ENDPOINT, TextToText },
	{ 3, SETTING_TENANT_ID, TextToText },
	{ 4, SETTING_SERVICE_NAME, TextToText },
	{ 5, SETTING_ENVIRONMENT, TextToText },
	{ 6, SETTING_SAMPLING_RATE, RealToText },
	{ 8, SETTING_OTLP_ENDPOINT, TextToText },
	{ 10, SETTING_PROTOCOL, TextToText },
	{ 11, SETTING_COMPRESSION, TextToText },
	{ 12, SETTING_TIMEOUT, RealToText },
	{ 13, SETTING_CERTIFICATE, TextToText },
	{ 14, SETTING_CLIENT_CERTIFICATE, TextToText },
	{ 15, SETTING_CLIENT_KEY, TextToText },
	{ 17, SETTING_HEADERS_FILE, TextToText },
	{ 19, SETTING_MAX_QUEUE_SIZE, IntegerToText },
	{ 20, SETTING_SCHEDULE_DELAY, IntegerToText },
	{ 21, SETTING_MAX_EXPORT_BATCH_SIZE, IntegerToText },
	{ 22, SETTING_RETENTION, IntervalToText },
};

static List *
CollectSimple(FunctionCallInfo fcinfo, List *changes)
{
	for (int i = 0; i < (int) lengthof(simple_arguments); i++)
	{
		int argument = simple_arguments[i].argument;

		if (!PG_ARGISNULL(argument))
			changes = ChangeSetting(changes, simple_arguments[i].id,
			                        simple_arguments[i].to_text(PG_GETARG_DATUM(argument)));
	}
	return changes;
}

static List *
CollectResource(FunctionCallInfo fcinfo, List *changes)
{
	Jsonb *attributes = PG_GETARG_JSONB_P(ARGUMENT_RESOURCE_ATTRIBUTES);

	ResourceCheck(attributes);
	return ChangeSetting(changes, SETTING_RESOURCE_ATTRIBUTES,
	                     JB_ROOT_COUNT(attributes) == 0
	                         ? ""
	                         : JsonbToCString(NULL, &attributes->root, VARSIZE(attributes)));
}

/* What is set by "options", not by an argument. */
static const SettingId options[] = { SETTING_KEEP_ERRORS, SETTING_MAX_CONCURRENT_REQUESTS,
	                                 SETTING_DUPLICATE_WINDOW, SETTING_MAX_KEYS,
	                                 SETTING_TEMPO_IS_MULTITENANT };

static bool
IsOption(SettingId id)
{
	for (int i = 0; i < (int) lengthof(options); i++)
		if (options[i] == id)
			return true;
	return false;
}

static const char *
KnownOptions(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < (int) lengthof(options); i++)
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" : ", ",
		                 setting_definitions[options[i]].name);
	return names.data;
}

/* In the one form that an interval is stored in. */
static const char *
IntervalOption(const JsonbValue *value)
{
	char *text = pnstrdup(value->val.string.val, value->val.string.len);

	return IntervalToText(DirectFunctionCall3(interval_in, CStringGetDatum(text),
	                                          ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static void
CollectOption(const char *key, const JsonbValue *value, void *arg)
{
	List **changes = arg;
	SettingId id = SettingByName(key);
	const char *text;

	if (!IsOption(id))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("unrecognized option \"%s\"", key),
		                errhint("The options are %s.", KnownOptions())));
	if (value->type == jbvBool)
		text = BoolToText(BoolGetDatum(value->val.boolean));
	else if (value->type == jbvNumeric)
		text =
		    DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvString)
		text = id == SETTING_DUPLICATE_WINDOW ? IntervalOption(value)
		                                      : pnstrdup(value->val.string.val,
		                                                 value->val.string.len);
	else if (value->type == jbvNull)
		text = "";
	else
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for option \"%s\"", key),
		                errhint("Pass true, false, a number, a text, or null for the default.")));
	*changes = ChangeSetting(*changes, id, text);
}

static List *
Collect(FunctionCallInfo fcinfo)
{
	List *changes = CollectSimple(fcinfo, NIL);

	if (!PG_ARGISNULL(ARGUMENT_HEADERS))
		changes =
		    ChangeHeaders(changes, HEADERS_PREFIX, "headers", PG_GETARG_JSONB_P(ARGUMENT_HEADERS));
	if (!PG_ARGISNULL(ARGUMENT_COLLECTOR_HEADERS))
		changes = ChangeHeaders(changes, COLLECTOR_HEADERS_PREFIX, "collector_headers",
		                        PG_GETARG_JSONB_P(ARGUMENT_COLLECTOR_HEADERS));
	if (!PG_ARGISNULL(ARGUMENT_BASIC_AUTH))
		changes = ChangeBasicAuth(changes, text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_BASIC_AUTH)));
	if (!PG_ARGISNULL(ARGUMENT_RESOURCE_ATTRIBUTES))
		changes = CollectResource(fcinfo, changes);
	if (!PG_ARGISNULL(ARGUMENT_OPTIONS))
	{
		JsonRequireObject(PG_GETARG_JSONB_P(ARGUMENT_OPTIONS), "options");
		JsonForEachPair(PG_GETARG_JSONB_P(ARGUMENT_OPTIONS), CollectOption, &changes);
	}
	return changes;
}

static bool
NoArgument(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < ARGUMENT_COUNT; i++)
		if (!PG_ARGISNULL(i))
			return false;
	return true;
}

static bool
NothingConfigured(void)
{
	SettingValues values;
	char url[GENOPS_URL_SIZE];
	const char *from;
	GenopsError error;

	ValuesResolve(StoreSettings(), &values);
	return values.items[SETTING_ENDPOINT].text == NULL &&
	       !ValuesOtlpUrl(&values, url, &from, &error);
}

Datum
genops_configure(PG_FUNCTION_ARGS)
{
	List *changes;

	if (NoArgument(fcinfo) && NothingConfigured())
		changes = ChangeSetting(NIL, SETTING_ENDPOINT, DEFAULT_ENDPOINT);
	else
		changes = Collect(fcinfo);
	ReportChanges(fcinfo, ChangesMake(changes));
	return (Datum) 0;
}

Datum
genops_reset(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	StoreLock();
	ReportChanges(fcinfo, ChangesMake(ChangeReset(NIL, StoreSettings(), name)));
	return (Datum) 0;
}

/*
 * A route's headers.
 */
typedef struct RouteHeaders
{
	StoredRoute *route;
	List *names;
} RouteHeaders;

static List *
Without(List *names, const char *name)
{
	ListCell *cell;

	foreach (cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			names = foreach_delete_current(names, cell);
	return names;
}

static void
WriteRouteHeader(const char *name, const JsonbValue *value, void *arg)
{
	RouteHeaders *headers = arg;
	char *text = NULL;
	char *lower;

	if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type != jbvNull)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for parameter \"headers\": a header's value must be a text"),
		         errhint("A null removes the header.")));
	lower = ChangeCheckHeader("headers", name, text ? text : "");
	StoreWriteSecret(headers->route->name, lower, text);
	headers->names = Without(headers->names, lower);
	if (text != NULL)
		headers->names = lappend(headers->names, lower);
}

static Datum
TextArray(List *texts)
{
	Datum *items = palloc((list_length(texts) + 1) * sizeof(Datum));
	int count = 0;
	ListCell *cell;

	foreach (cell, texts)
		items[count++] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
WriteRouteHeaderNames(const RouteHeaders *headers)
{
	Oid types[2] = { TEXTOID, TEXTARRAYOID };
	Datum values[2] = { CStringGetTextDatum(headers->route->name), TextArray(headers->names) };

	SPI_execute_with_args("UPDATE genops.route SET headers = $2 WHERE name = $1", 2, types, values,
	                      NULL, false, 0);
}

Datum
genops_route_headers(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Jsonb *json = PG_GETARG_JSONB_P(1);
	RouteHeaders headers;

	StoreLock();
	headers.route = StoredRouteByName(StoreRoutes(), name);
	if (headers.route == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("route \"%s\" does not exist", name),
		         errhint("Insert it into genops.route first.")));
	headers.names = headers.route->headers;
	JsonRequireObject(json, "headers");
	SPI_connect();
	JsonForEachPair(json, WriteRouteHeader, &headers);
	WriteRouteHeaderNames(&headers);
	SPI_finish();
	NotifyConfigurationChange();
	PG_RETURN_VOID();
}
