/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "record/condition.h"

/* Conditions first, then the classes of PostgreSQL's appendix A. */
static const struct
{
	int sqlstate;
	GenopsSlice text;
} conditions[] = {
	{ ERRCODE_QUERY_CANCELED, GENOPS_LITERAL("canceled, or statement timeout") },
	{ ERRCODE_ADMIN_SHUTDOWN, GENOPS_LITERAL("terminated by an administrator") },
	{ ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT, GENOPS_LITERAL("idle-in-transaction timeout") },
	{ ERRCODE_LOCK_NOT_AVAILABLE, GENOPS_LITERAL("lock not available") },
	{ ERRCODE_T_R_DEADLOCK_DETECTED, GENOPS_LITERAL("deadlock detected") },
	{ ERRCODE_T_R_SERIALIZATION_FAILURE, GENOPS_LITERAL("serialization failure") },
	{ ERRCODE_OUT_OF_MEMORY, GENOPS_LITERAL("out of memory") },
	{ ERRCODE_RAISE_EXCEPTION, GENOPS_LITERAL("raised by a function") },
	{ ERRCODE_EXTERNAL_ROUTINE_EXCEPTION, GENOPS_LITERAL("exception in an external routine") },
	{ ERRCODE_CONNECTION_EXCEPTION, GENOPS_LITERAL("connection exception") },
	{ ERRCODE_FEATURE_NOT_SUPPORTED, GENOPS_LITERAL("feature not supported") },
	{ ERRCODE_DATA_EXCEPTION, GENOPS_LITERAL("data exception") },
	{ ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, GENOPS_LITERAL("integrity constraint violation") },
	{ ERRCODE_INVALID_TRANSACTION_STATE, GENOPS_LITERAL("invalid transaction state") },
	{ ERRCODE_TRANSACTION_ROLLBACK, GENOPS_LITERAL("transaction rollback") },
	{ ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION,
	  GENOPS_LITERAL("syntax error or access rule violation") },
	{ ERRCODE_INSUFFICIENT_RESOURCES, GENOPS_LITERAL("insufficient resources") },
	{ ERRCODE_PROGRAM_LIMIT_EXCEEDED, GENOPS_LITERAL("program limit exceeded") },
	{ ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
	  GENOPS_LITERAL("object not in prerequisite state") },
	{ ERRCODE_OPERATOR_INTERVENTION, GENOPS_LITERAL("operator intervention") },
	{ ERRCODE_SYSTEM_ERROR, GENOPS_LITERAL("system error") },
	{ ERRCODE_FDW_ERROR, GENOPS_LITERAL("foreign data wrapper error") },
	{ ERRCODE_PLPGSQL_ERROR, GENOPS_LITERAL("PL/pgSQL error") },
	{ ERRCODE_INTERNAL_ERROR, GENOPS_LITERAL("internal error") },
};

static GenopsSlice
Find(int sqlstate)
{
	for (int i = 0; i < (int) lengthof(conditions); i++)
		if (conditions[i].sqlstate == sqlstate)
			return conditions[i].text;
	return GENOPS_ABSENT;
}

GenopsSlice
ConditionText(int sqlstate)
{
	GenopsSlice text = Find(sqlstate);

	if (!genops_slice_present(text))
		text = Find(ERRCODE_TO_CATEGORY(sqlstate));
	return genops_slice_present(text) ? text : GENOPS_LITERAL("error in the database");
}

static bool
IsWordCharacter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

GenopsSlice
ErrorTypeFromMessage(GenopsSlice text)
{
	size_t end = 0;
	size_t word = 0;

	while (end < text.length && (IsWordCharacter(text.data[end]) || text.data[end] == '.'))
	{
		if (text.data[end] == '.')
			word = end + 1;
		end++;
	}
	if (word == end || (end < text.length && text.data[end] != ':'))
		return ERROR_TYPE_OTHER;
	if (text.data[word] < 'A' || text.data[word] > 'Z' || end > ERROR_TYPE_MAX)
		return ERROR_TYPE_OTHER;
	return (GenopsSlice){ text.data, end };
}
