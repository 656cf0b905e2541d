/* SPDX-License-Identifier: PostgreSQL */
/*
 * What was asked of Tempo, and who answers for it.  Private to the checks of the network.
 */
#ifndef GENOPS_VALIDATE_NETWORK_H
#define GENOPS_VALIDATE_NETWORK_H

#include "postgres.h"

#include "core/net/diagnosis.h"
#include "validate/exchange.h"
#include "validate/probe.h"
#include "validate/validation.h"

typedef struct Network
{
	Exchanges *exchanges; /* with both targets */
	const char *tenant;   /* NULL: none */
	GenopsAddressKind otlp_kind;
	const char *query_shown; /* addresses for people, without a query */
	const char *otlp_shown;
	const char *otlp_fix; /* of an address that cannot be told; NULL: none */
	Probe probe;

	/* NULL: was not asked. */
	Exchange *build;
	Exchange *search;
	Exchange *traceql;
	Exchange *metrics;
	Exchange *write;
	Exchange *query_as_otlp; /* is it the other kind of address? */
	Exchange *otlp_as_query;
} Network;

/* What became of a request to either address. */
extern GenopsDiagnosis DiagnoseQuery(const Network *network, const Exchange *exchange);
extern GenopsDiagnosis DiagnoseWrite(const Network *network);

/* query_checks.c: of what Tempo's query address answered. */
extern void CheckAccess(Validation *validation, const Network *network);
extern void CheckTraceql(Validation *validation, const Network *network);
extern void CheckSearch(Validation *validation, const Network *network);

/* Whether there is a good answer to a request, which may be NULL. */
extern bool QuerySucceeded(const Network *network, const Exchange *exchange);

/* Nothing was asked, or nobody is there: then all questions have the same answer. */
extern bool NobodyAnswers(const Network *network);

/* write_checks.c: of the span that was sent.  True if it was taken, and is worth reading
 * back, which asks more questions. */
extern bool CheckWrite(Validation *validation, const Network *network);
extern void CheckReadBack(Validation *validation, const Network *network, bool written);
extern void CheckTenant(Validation *validation, const Network *network, bool written);

/* Adds a check that failed. */
extern void AddDiagnosis(Validation *validation, const char *name, CheckStatus status,
                         const GenopsDiagnosis *diagnosis);

#endif
