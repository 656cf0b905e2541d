/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "record/complaint.h"
#include "shared/ring.h"
#include "settings.h"

static bool told[COMPLAINT_COUNT];

int
ComplaintLevel(ComplaintKind kind)
{
	if (setting_on_error == ON_ERROR_ERROR)
		return ERROR;
	RingCountComplaint();
	if (told[kind])
		return DEBUG1;
	told[kind] = true;
	return WARNING;
}

int
ComplaintSqlState(int sqlstate)
{
	return setting_on_error == ON_ERROR_ERROR ? sqlstate : ERRCODE_WARNING;
}
