/* SPDX-License-Identifier: PostgreSQL */
/*
 * The configuration of this database, kept ready for use.
 *
 * A statement trigger on the tables (notify.c) invalidates the relcache entry
 * of genops.setting: that is transactional, reaches every backend, and is seen
 * at once by the transaction that made the change.  Each backend counts the
 * invalidations that it hears of, and reads the tables again, when it next
 * records, if there were any since.  A rebuild during which there is another
 * one is stale as soon as it is ready, which does no harm.
 */
#include "postgres.h"

#include "access/xact.h"
#include "configure/configuration.h"
#include "configure/environment.h"
#include "configure/pin.h"
#include "configure/resource_attributes.h"
#include "configure/route.h"
#include "configure/store.h"
#include "configure/utf8_text.h"
#include "configure/values.h"
#include "monotonic.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

static uint64 news = 1;           /* counts invalidations */
static uint64 built_with = 0;     /* news when current was built; 0: never */
static Oid relation = InvalidOid; /* genops.setting, when current was built */
static bool depends_on_roles = false;
static MemoryContext context = NULL; /* of current */
static int64 not_before = 0; /* by MonotonicMs(); 0: the last reading was no failure */
static Configuration *current = NULL;

static void
HearOfRelation(Datum arg, Oid relid)
{
	(void) arg;
	if (relid == InvalidOid || relid == relation)
		news++;
}

/* A route names a role, which may be created or renamed. */
static void
HearOfRoles(Datum arg, int cache, uint32 hash)
{
	(void) arg;
	(void) cache;
	(void) hash;
	if (depends_on_roles)
		news++;
}

static void
ListenOnce(void)
{
	static bool listening = false;

	if (listening)
		return;
	CacheRegisterRelcacheCallback(HearOfRelation, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, HearOfRoles, (Datum) 0);
	listening = true;
}

/* Without the extension's tables nothing would tell that they appear. */
static bool
UpToDate(void)
{
	return built_with == news && OidIsValid(relation);
}

static int
IntegerOf(const SettingValues *values, SettingId id)
{
	return SettingInteger(values->items[id].text);
}

/* Only OpenTelemetry's samplers that are not called "parentbased_" do. */
static bool
SamplerAsksAnew(const SettingValue *rate)
{
	const GenopsEnvFlag *parent_based = &Environment()->sampler_parent_based;

	return rate->variable != NULL && parent_based->variable != NULL && !parent_based->value;
}

static void
ReadSettings(Configuration *configuration, const SettingValues *values)
{
	const SettingValue *items = values->items;

	configuration->service_name = Utf8FromServer(items[SETTING_SERVICE_NAME].text);
	configuration->environment = Utf8FromServer(items[SETTING_ENVIRONMENT].text);
	configuration->tenant_id = Utf8FromServer(items[SETTING_TENANT_ID].text);
	configuration->sampler = genops_sampler(SettingReal(items[SETTING_SAMPLING_RATE].text));
	configuration->sampler.asks_anew = SamplerAsksAnew(&items[SETTING_SAMPLING_RATE]);
	configuration->keep_errors = SettingBool(items[SETTING_KEEP_ERRORS].text);
	configuration->resource_attributes = ResourceEncode(items[SETTING_RESOURCE_ATTRIBUTES].text,
	                                                    &configuration->resource_attributes_length);
	configuration->max_queue_size = IntegerOf(values, SETTING_MAX_QUEUE_SIZE);
	configuration->schedule_delay_ms = IntegerOf(values, SETTING_SCHEDULE_DELAY);
	configuration->max_export_batch_size = IntegerOf(values, SETTING_MAX_EXPORT_BATCH_SIZE);
	configuration->max_concurrent_requests = IntegerOf(values, SETTING_MAX_CONCURRENT_REQUESTS);
	configuration->retention_us = SettingInterval(items[SETTING_RETENTION].text);
	configuration->duplicate_window_us = SettingInterval(items[SETTING_DUPLICATE_WINDOW].text);
	configuration->max_keys = IntegerOf(values, SETTING_MAX_KEYS);
}

static bool
AnyRole(List *stored_routes)
{
	ListCell *cell;

	foreach (cell, stored_routes)
		if (((StoredRoute *) lfirst(cell))->role != NULL)
			return true;
	return false;
}

static Configuration *
Read(StoreAccess access)
{
	Configuration *configuration = palloc0(sizeof(Configuration));
	List *stored_routes = StoreRoutesBy(access);
	SettingValues values;

	ValuesResolve(StoreSettingsBy(access), &values);
	ReadSettings(configuration, &values);
	configuration->routes = RoutesPrepare(stored_routes, &configuration->route_count);
	configuration->pins = PinsPrepare(StorePinsBy(access), &configuration->pin_count);
	depends_on_roles = AnyRole(stored_routes);
	return configuration;
}

static void
BuildBy(StoreAccess access)
{
	uint64 news_before;
	MemoryContext fresh;
	MemoryContext old;
	Configuration *configuration;

	ListenOnce();
	news_before = news;
	relation = StoreRelation();

	/* A child of the caller's until it is whole, so that an error frees it. */
	fresh =
	    AllocSetContextCreate(CurrentMemoryContext, "genops configuration", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(fresh);
	configuration = Read(access);
	MemoryContextSwitchTo(old);

	if (context != NULL)
		MemoryContextDelete(context);
	MemoryContextSetParent(fresh, CacheMemoryContext);
	context = fresh;
	current = configuration;
	built_with = news_before;
}

/* How long whoever records waits for somebody who has locked the tables. */
#define PATIENCE_MS 250
#define FIRST_PATIENCE_MS 1000

/* Having waited in vain, not again for a while. */
#define RETRY_MS 1000

/*
 * Whoever records must not wait without limit for whoever has locked genops.route.  What
 * he is up to is not committed: the configuration that was read last is the one in
 * force, or was so a moment ago.  Who has not read any yet reads without the lock,
 * since a route that is not known would send spans to the wrong tenant.
 */
static void
Build(void)
{
	Oid locked[STORE_READ_TABLES];

	if (current != NULL && MonotonicMs() < not_before)
		return;
	if (StoreLockToRead(current == NULL ? FIRST_PATIENCE_MS : PATIENCE_MS, locked))
	{
		BuildBy(STORE_LOCKED);
		StoreUnlock(locked);
		not_before = 0;
	}
	else if (current == NULL)
		BuildBy(STORE_UNLOCKED);
	else
		not_before = MonotonicMs() + RETRY_MS;
}

const Configuration *
ConfigurationGet(void)
{
	if (unlikely(!UpToDate()))
		Build();
	return current;
}

uint64
ConfigurationNews(void)
{
	ListenOnce();
	if (IsTransactionState())
		AcceptInvalidationMessages();
	else
	{
		/* Beginning a transaction is what reads the messages. */
		StartTransactionCommand();
		CommitTransactionCommand();
	}
	/* The tables were locked when it was to be read: it should be tried again. */
	if (not_before != 0 && MonotonicMs() >= not_before)
	{
		not_before = 0;
		news++;
	}
	return news;
}

uint64
ConfigurationNewsOfAny(void)
{
	Oid table = StoreRelation();

	if (table != relation)
	{
		relation = table;
		news++;
	}
	return ConfigurationNews();
}

static void
Inherit(GenopsSlice *text, const char *value)
{
	if (!genops_slice_present(*text))
		*text = genops_slice(value);
	else if (text->length == 0)
		*text = GENOPS_ABSENT;
}

const GenopsSampler *
ConfigurationResolve(GenopsSpanFacts *facts, char tenant_buffer[TENANT_ID_MAX + 1], PinsFor pins)
{
	const Configuration *configuration = ConfigurationGet();
	GenopsSlice *tenant = &facts->text[GENOPS_TEXT_TENANT_ID];
	const Route *route;

	PinsApply(configuration->pins, configuration->pin_count, facts->text, pins == PINS_FOR_INGEST);
	if (pins == PINS_FOR_CALL)
	{
		if (facts->text[GENOPS_TEXT_SERVICE_NAME].length == 0)
			facts->text[GENOPS_TEXT_SERVICE_NAME] = genops_slice(configuration->service_name);
		Inherit(&facts->text[GENOPS_TEXT_ENVIRONMENT], configuration->environment);
	}

	route = configuration->route_count == 0
	            ? NULL
	            : RouteFind(configuration->routes, configuration->route_count, facts);
	facts->text[GENOPS_TEXT_ROUTE] = route && route->own_target ? route->name : GENOPS_ABSENT;
	if (route != NULL && route->tenant_pieces > 0 && !genops_slice_present(*tenant))
		*tenant = RouteTenant(route, facts, tenant_buffer);
	Inherit(tenant, configuration->tenant_id);

	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		if (facts->text[i].length == 0)
			facts->text[i] = GENOPS_ABSENT;
	return route && route->has_sampler ? &route->sampler : &configuration->sampler;
}
