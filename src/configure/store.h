/* SPDX-License-Identifier: PostgreSQL */
/*
 * The tables of the configuration: genops.setting, genops.secret, genops.route,
 * genops.pin.
 *
 * They are read without the executor, under the newest snapshot: whoever
 * records may not be allowed to read them, and may have an old snapshot.
 */
#ifndef GENOPS_CONFIGURE_STORE_H
#define GENOPS_CONFIGURE_STORE_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * A row of genops.setting.  For each header that has a value in genops.secret
 * there is one, "headers.<name>" or "collector_headers.<name>", whose value
 * says nothing: so a restored dump, which has no secrets, knows what it lacks.
 */
typedef struct StoredSetting
{
	char *name;
	char *value;
} StoredSetting;

#define HEADERS_PREFIX "headers."
#define COLLECTOR_HEADERS_PREFIX "collector_headers."
#define HIDDEN_VALUE "***"

typedef struct StoredSecret
{
	char *name;  /* as in genops.setting; of a route, the header's */
	char *route; /* NULL: of no route */
	char *value;
} StoredSecret;

typedef struct StoredRoute
{
	int position;
	char *name;
	char *team; /* NULL: any, as for the next four */
	char *customer_id;
	char *environment;
	char *database;
	char *role;
	char *tenant_id; /* NULL: none of its own, as for the next two */
	char *otlp_endpoint;
	double *sampling_rate;
	List *headers; /* of char *: names of its headers */
} StoredRoute;

typedef struct StoredPin
{
	Oid role;
	char *field;
	char *value;
} StoredPin;

/* The oid of genops.setting, which stands for all of them when they change;
 * InvalidOid where the extension is not installed. */
extern Oid StoreRelation(void);

/* Whether a table is locked against changes while it is read, see
 * OwnTableOpenUnlocked. */
typedef enum StoreAccess
{
	STORE_LOCKED,
	STORE_UNLOCKED
} StoreAccess;

/* Lists of the structs above, in the current memory context; empty where the
 * extension is not installed.  Routes come in the order of their positions. */
extern List *StoreSettingsBy(StoreAccess access);
extern List *StoreRoutesBy(StoreAccess access);
extern List *StorePinsBy(StoreAccess access);
extern List *StoreSecrets(void);

static inline List *
StoreSettings(void)
{
	return StoreSettingsBy(STORE_LOCKED);
}

static inline List *
StoreRoutes(void)
{
	return StoreRoutesBy(STORE_LOCKED);
}

/*
 * Locks settings, routes and pins for reading, if that can be done within some
 * milliseconds: a role that may change genops.route may also lock it, for as long as it
 * likes.  False: nothing is locked.
 */
#define STORE_READ_TABLES 3
extern bool StoreLockToRead(int patience_ms, Oid locked[STORE_READ_TABLES]);
extern void StoreUnlock(const Oid locked[STORE_READ_TABLES]);

/* The value, or NULL. */
extern char *StoredSettingValue(List *settings, const char *name);
extern char *StoredSecretValue(List *secrets, const char *route, const char *name);
extern StoredRoute *StoredRouteByName(List *routes, const char *name);

/* Within SPI, as a role that may: sets a value, or removes it (NULL). */
extern void StoreWriteSetting(const char *name, const char *value);
extern void StoreWriteSecret(const char *route, const char *name, const char *value);

/* Makes all who configure wait for each other, until the transaction ends.
 * Raises if a table that they write has somebody else's trigger. */
extern void StoreLock(void);

#endif
