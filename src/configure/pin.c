/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pins.
 *
 * They hold for the role that logged in, which SET ROLE does not change: nobody
 * leaves his pins behind by becoming another role.  Where it has none, those of
 * the role that it SET ROLE to hold, for a pool that logs in once and becomes
 * each client's role.  The owner of a security definer function does not count:
 * it is the caller who spends.
 */
#include "postgres.h"

#include "configure/pin.h"
#include "configure/store.h"
#include "configure/utf8_text.h"
#include "miscadmin.h"

static const struct
{
	const char *name;
	GenopsFactText text;
} fields[] = {
	{ "team", GENOPS_TEXT_TEAM },
	{ "project", GENOPS_TEXT_PROJECT },
	{ "customer_id", GENOPS_TEXT_CUSTOMER_ID },
	{ "cost_center", GENOPS_TEXT_COST_CENTER },
	{ "environment", GENOPS_TEXT_ENVIRONMENT },
	{ "feature", GENOPS_TEXT_FEATURE },
	{ "user_id", GENOPS_TEXT_USER_ID },
	{ "service_name", GENOPS_TEXT_SERVICE_NAME },
	{ "tenant_id", GENOPS_TEXT_TENANT_ID },
};

static int
CompareStored(const ListCell *a, const ListCell *b)
{
	Oid left = ((const StoredPin *) lfirst(a))->role;
	Oid right = ((const StoredPin *) lfirst(b))->role;

	return (left > right) - (left < right);
}

static void
Prepare(PinnedRole *pinned, const StoredPin *stored)
{
	pinned->role = stored->role;
	for (int i = 0; i < (int) lengthof(fields); i++)
		if (strcmp(fields[i].name, stored->field) == 0)
			pinned->text[fields[i].text] = genops_slice(Utf8FromServer(stored->value));
}

PinnedRole *
PinsPrepare(List *stored, int *count)
{
	PinnedRole *pins = palloc0((list_length(stored) + 1) * sizeof(PinnedRole));
	ListCell *cell;

	*count = 0;
	list_sort(stored, CompareStored);
	foreach (cell, stored)
	{
		const StoredPin *row = lfirst(cell);

		if (*count == 0 || pins[*count - 1].role != row->role)
			(*count)++;
		Prepare(&pins[*count - 1], row);
	}
	return pins;
}

static int
CompareRole(const void *role, const void *pinned)
{
	Oid left = *(const Oid *) role;
	Oid right = ((const PinnedRole *) pinned)->role;

	return (left > right) - (left < right);
}

static void
Apply(const PinnedRole *pins, int count, Oid role, GenopsSlice *text, bool tenant_only)
{
	const PinnedRole *pinned = bsearch(&role, pins, count, sizeof(PinnedRole), CompareRole);

	if (pinned == NULL)
		return;
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		if (genops_slice_present(pinned->text[i]) && (!tenant_only || i == GENOPS_TEXT_TENANT_ID))
			text[i] = pinned->text[i];
}

void
PinsApply(const PinnedRole *pins, int count, GenopsSlice text[GENOPS_TEXT_COUNT], bool tenant_only)
{
	if (count == 0)
		return;
	/* The one that logged in last: its pins are the stronger ones. */
	Apply(pins, count, GetOuterUserId(), text, tenant_only);
	Apply(pins, count, GetSessionUserId(), text, tenant_only);
}
