/* SPDX-License-Identifier: PostgreSQL */
/*
 * One run of genops_validate(): what is asked for, and what was found.
 *
 * Everything happens before one deadline.  Checks never raise for what they find; they
 * do when they are cancelled.
 */
#ifndef GENOPS_VALIDATE_VALIDATION_H
#define GENOPS_VALIDATE_VALIDATION_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef enum CheckStatus
{
	CHECK_OK,
	CHECK_WARNING,
	CHECK_ERROR,
	CHECK_SKIPPED
} CheckStatus;

typedef struct Check
{
	const char *name;
	CheckStatus status;
	char *message;
	char *fix; /* NULL: none; may have several lines */
} Check;

typedef struct Validation
{
	const char *tempo_endpoint; /* another than the configured one, or NULL */
	bool connectivity;
	bool write;
	bool read;
	bool traceql;
	int64 deadline; /* of MonotonicMs() */

	List *checks;         /* of Check *, in the order in which they are shown */
	const char *endpoint; /* that is queried; NULL: none */
	const char *version;  /* Tempo's; NULL: not known */
	bool has_traceql;
} Validation;

/* Appends a check; "fix" is NULL for none.  Texts are in the server's encoding. */
extern void CheckAdd(Validation *validation, const char *name, CheckStatus status, const char *fix,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Milliseconds that are left; 0 when the time is over. */
extern long ValidationTimeLeft(const Validation *validation);

/* What the server shows of a session that waits here. */
extern uint32 ValidationWaitEvent(void);

/* A text of the core's, which is UTF-8, for a check. */
extern const char *ShownText(const char *utf8);

/* What fixes an address that spans cannot be sent to. */
extern const char *FixOfTarget(void);

/* The checks, each in a file of its name. */
extern void CheckLibrary(Validation *validation);
extern void CheckLedger(Validation *validation);
extern void CheckWorker(Validation *validation);
extern void CheckDatabases(Validation *validation);
extern void CheckEnvironment(Validation *validation);
extern void CheckSecrets(Validation *validation);
extern void CheckDelivery(Validation *validation);
extern void CheckImmutableFunctions(Validation *validation);
extern void CheckNetwork(Validation *validation);

/* All of them. */
extern void ValidationRun(Validation *validation);

/* Whether nothing says where spans could be sent, which is a way to use the ledger. */
extern bool ValidationLedgerOnly(void);

#endif
