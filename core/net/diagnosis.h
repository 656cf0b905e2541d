/* SPDX-License-Identifier: PostgreSQL */
/*
 * Why a request to Tempo or to a Collector failed, and what to do about it, in
 * words for the person who sets it up.
 */
#ifndef GENOPS_CORE_NET_DIAGNOSIS_H
#define GENOPS_CORE_NET_DIAGNOSIS_H

#include "core/net/http.h"

typedef enum GenopsAddressKind
{
	GENOPS_ADDRESS_QUERY,    /* Tempo's, for queries */
	GENOPS_ADDRESS_TEMPO,    /* Tempo's, for OTLP */
	GENOPS_ADDRESS_COLLECTOR /* OTLP too */
} GenopsAddressKind;

typedef enum GenopsProblem
{
	GENOPS_PROBLEM_NONE,
	GENOPS_PROBLEM_NAME,
	GENOPS_PROBLEM_REFUSED,
	GENOPS_PROBLEM_UNREACHABLE,
	GENOPS_PROBLEM_TLS,
	GENOPS_PROBLEM_PLAIN, /* http where https is spoken */
	GENOPS_PROBLEM_TIMEOUT,
	GENOPS_PROBLEM_RESET,
	GENOPS_PROBLEM_PROTOCOL, /* what came is no HTTP/1.1 */
	GENOPS_PROBLEM_TENANT_MISSING,
	GENOPS_PROBLEM_TENANT_REFUSED,
	GENOPS_PROBLEM_UNAUTHORIZED,
	GENOPS_PROBLEM_FORBIDDEN,
	GENOPS_PROBLEM_NOT_FOUND,
	GENOPS_PROBLEM_RATE_LIMITED,
	GENOPS_PROBLEM_UNAVAILABLE, /* 5xx */
	GENOPS_PROBLEM_OTHER,
	GENOPS_PROBLEM_COUNT
} GenopsProblem;

/* Both texts are valid UTF-8 and have no header's value. "fix" may have several
 * lines; it is empty only where there is no problem. */
typedef struct GenopsDiagnosis
{
	GenopsProblem problem;
	char message[768];
	char fix[512];
} GenopsDiagnosis;

/*
 * "address" is what the messages call it; "sent" are the request's headers, NULL:
 * none.  Whether a 2xx is the answer that was expected is for the caller to see.
 */
extern void genops_diagnose(const GenopsHttpReply *reply, GenopsAddressKind kind,
                            const char *address, const GenopsHeaders *sent, GenopsDiagnosis *out);

/* The same for an address that turned out to be one of the other kind: an OTLP
 * port given for queries, or the reverse. */
extern void genops_diagnose_wrong_port(GenopsAddressKind kind, const char *address,
                                       GenopsDiagnosis *out);

#endif
