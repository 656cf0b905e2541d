/* SPDX-License-Identifier: PostgreSQL */
/*
 * The privilege "charge" of genops_grant: EXECUTE on genops.may_charge(), which
 * dump, restore, DROP ROLE and membership know about.
 *
 * The current user's, not the session's, so that a security definer function
 * can be given the right to state the costs that it finds out.  The answer for the
 * last user is kept until functions or roles change.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "compat.h"
#include "govern/price_list.h"
#include "miscadmin.h"
#include "record/charge.h"
#include "record/complaint.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"

static Oid known_user = InvalidOid; /* InvalidOid: no answer is known */
static bool known_user_may;

static void
Forget(Datum arg, int cache, uint32 hash)
{
	(void) arg;
	(void) cache;
	(void) hash;
	known_user = InvalidOid;
}

static void
ListenOnce(void)
{
	static bool listening = false;

	if (listening)
		return;
	CacheRegisterSyscacheCallback(PROCOID, Forget, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, Forget, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, Forget, (Datum) 0);
	listening = true;
}

/* InvalidOid where the extension is not installed. */
static Oid
MarkerFunction(void)
{
	Oid schema = get_namespace_oid("genops", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("may_charge"),
	                       PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));
}

static bool
LookUp(Oid user)
{
	Oid function = MarkerFunction();

	return OidIsValid(function) ? compat_may_execute(function, user) : superuser_arg(user);
}

static bool
MayCharge(Oid user)
{
	if (likely(user == known_user))
		return known_user_may;

	/* In this order: what is heard of meanwhile makes it unknown again. */
	ListenOnce();
	known_user = user;
	known_user_may = false;
	return known_user_may = LookUp(user);
}

bool
ChargeGranted(void)
{
	return MayCharge(GetUserId());
}

bool
ChargeAllowed(const CallOutcome *outcome)
{
	Oid user = GetUserId();
	bool granted = MayCharge(user);
	char *name;

	/* As the privilege, the price list is looked at before anything is borrowed. */
	(void) PriceBookGet();
	if (granted ||
	    (!genops_slice_present(outcome->total_cost) && outcome->options.known_costs == 0))
		return true;
	name = GetUserNameFromId(user, false);
	Complain(COMPLAINT_CHARGE, ERRCODE_INSUFFICIENT_PRIVILEGE,
	         errmsg("permission denied to state the cost of a call"),
	         errdetail("Role \"%s\" may record calls, but not say what they cost. The call is "
	                   "recorded without a cost.",
	                   name),
	         errhint("Leave the cost out, or have an administrator call "
	                 "genops_grant('%s', 'charge').",
	                 name));
	return false;
}
