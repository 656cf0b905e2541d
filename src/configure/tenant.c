/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names of Tempo's tenants.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "configure/tenant.h"
#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_require_tenant);

#define HASH_DIGITS 16

static bool
TenantCharacter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!-_.*'()", c) != NULL);
}

static bool
IsDots(const char *text, Size length)
{
	return (length == 1 && text[0] == '.') || (length == 2 && memcmp(text, "..", 2) == 0);
}

bool
TenantIdValid(const char *tenant_id, Size length)
{
	if (length < 1 || length > TENANT_ID_MAX || IsDots(tenant_id, length))
		return false;
	for (Size i = 0; i < length; i++)
		if (!TenantCharacter(tenant_id[i]))
			return false;
	return true;
}

/* An empty text is none. */
Datum
genops_require_tenant(PG_FUNCTION_ARGS)
{
	char *tenant = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (tenant[0] != '\0' && !TenantIdValid(tenant, strlen(tenant)))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid tenant: \"%s\"", tenant),
		     errdetail("A tenant has up to %d letters, digits and characters of !-_.*'(); \".\" "
		               "and \"..\" are none.",
		               TENANT_ID_MAX)));
	PG_RETURN_VOID();
}

static void
AppendCharacter(TenantName *name, char c)
{
	if (name->length < TENANT_ID_MAX)
		name->text[name->length] = c;
	name->length++;
}

static void
AppendEscaped(TenantName *name, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	AppendCharacter(name, '!');
	AppendCharacter(name, digits[c >> 4]);
	AppendCharacter(name, digits[c & 15]);
}

void
TenantNameAppend(TenantName *name, GenopsSlice part, bool literal)
{
	for (size_t i = 0; i < part.length; i++)
	{
		char c = part.data[i];

		if (TenantCharacter(c) && (literal || c != '!'))
			AppendCharacter(name, c);
		else
			AppendEscaped(name, (unsigned char) c);
	}
	name->hash =
	    hash_bytes_extended((const unsigned char *) part.data, (int) part.length, name->hash);
}

Size
TenantNameFinish(TenantName *name, char out[TENANT_ID_MAX + 1])
{
	Size length = Min(name->length, TENANT_ID_MAX);

	if (IsDots(name->text, name->length))
	{
		TenantName dots = { 0 };

		for (Size i = 0; i < name->length; i++)
			AppendEscaped(&dots, '.');
		*name = dots;
		length = name->length;
	}
	memcpy(out, name->text, length);
	out[length] = '\0';
	if (name->length > TENANT_ID_MAX)
		snprintf(out + TENANT_ID_MAX - HASH_DIGITS - 1, HASH_DIGITS + 2, "-%016llx",
		         (unsigned long long) name->hash);
	return length;
}
