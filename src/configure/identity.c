/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which database a configuration was made for.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "configure/identity.h"
#include "configure/store.h"
#include "miscadmin.h"

/* No setting: it has no row in genops.configuration, and no reset removes it. */
#define IDENTITY "made_in_database"

static char *
Mine(void)
{
	return psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
}

bool
IdentityIsForeign(List *settings)
{
	const char *stored = StoredSettingValue(settings, IDENTITY);

	return stored != NULL && strcmp(stored, Mine()) != 0;
}

void
IdentityWrite(List *settings, bool adopt)
{
	if (adopt || StoredSettingValue(settings, IDENTITY) == NULL)
		StoreWriteSetting(IDENTITY, Mine());
}
