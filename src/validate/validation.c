/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the checks share.
 */
#include "postgres.h"

#include <stdarg.h>

#include "compat.h"
#include "server_text.h"
#include "lib/stringinfo.h"
#include "monotonic.h"
#include "validate/validation.h"

void
CheckAdd(Validation *validation, const char *name, CheckStatus status, const char *fix,
         const char *format, ...)
{
	Check *check = palloc(sizeof(Check));
	StringInfoData message;
	int needed;

	initStringInfo(&message);
	do
	{
		va_list arguments;

		va_start(arguments, format);
		needed = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (needed != 0)
			enlargeStringInfo(&message, needed);
	} while (needed != 0);
	*check = (Check){ name, status, message.data, fix ? pstrdup(fix) : NULL };
	validation->checks = lappend(validation->checks, check);
}

long
ValidationTimeLeft(const Validation *validation)
{
	return (long) Max(validation->deadline - MonotonicMs(), 0);
}

uint32
ValidationWaitEvent(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = compat_wait_event("GenopsValidate");
	return event;
}

const char *
ShownText(const char *utf8)
{
	GenopsSlice text = ServerText(genops_slice(utf8));

	return pnstrdup(text.data, text.length);
}

void
ValidationRun(Validation *validation)
{
	CheckLibrary(validation);
	CheckLedger(validation);
	CheckWorker(validation);
	CheckDatabases(validation);
	CheckEnvironment(validation);
	CheckSecrets(validation);
	CheckDelivery(validation);
	CheckImmutableFunctions(validation);
	CheckNetwork(validation);
}
