/* SPDX-License-Identifier: PostgreSQL */
/*
 * The configuration of this database, as genops_configure() set it and the
 * server's environment overrides it, ready for use.
 */
#ifndef GENOPS_CONFIGURE_CONFIGURATION_H
#define GENOPS_CONFIGURE_CONFIGURATION_H

#include "postgres.h"

#include "core/net/headers.h"
#include "core/span/facts.h"
#include "core/span/sampler.h"

/* Tempo's limit for a tenant's name (X-Scope-OrgID). */
#define TENANT_ID_MAX 150

typedef struct Route Route;           /* route.h */
typedef struct PinnedRole PinnedRole; /* pin.h */

typedef struct Configuration
{
	/* Valid UTF-8. */
	char *service_name; /* never NULL */
	char *environment;  /* NULL: none */
	char *tenant_id;    /* NULL: none */
	GenopsSampler sampler;
	bool keep_errors;          /* send failed calls whatever the sampler says */
	char *resource_attributes; /* encoded KeyValues (field 1 of Resource),
										 * service name and environment not
										 * among them: resource_attributes.h */
	Size resource_attributes_length;
	int max_queue_size; /* spans; a logical cap under the ring; 0: as
								 * many as fit */
	int schedule_delay_ms;
	int max_export_batch_size; /* spans */
	int max_concurrent_requests;
	int64 retention_us; /* 0: keep for ever */
	int64 duplicate_window_us; /* a call that was recorded before that long is another one */
	int64 max_keys;            /* of calls, in the ledger */
	int route_count;
	Route *routes; /* in the order of their positions */
	int pin_count;
	PinnedRole *pins; /* in the order of the roles' oids */
} Configuration;

/*
 * The configuration in force; read again when it changed.  Needs a
 * transaction.  Valid until the next call; never call it in a transaction
 * callback.
 */
extern const Configuration *ConfigurationGet(void);

/*
 * Another number than before if the configuration may have changed since: for
 * the worker, which keeps what it made of it.  That ConfigurationGet has read
 * the change already, for whatever reason, makes no difference.  Hears the news
 * itself, also outside a transaction (then in one of its own).
 */
extern uint64 ConfigurationNews(void);

/* The same for a session that may never have read the configuration, and hence does not
 * know yet whose news to hear.  Needs a transaction. */
extern uint64 ConfigurationNewsOfAny(void);

/* Which of a role's pins hold. */
typedef enum PinsFor
{
	PINS_FOR_CALL,   /* all */
	PINS_FOR_INGEST, /* the tenant: the rest is what the span's bytes say */
} PinsFor;

/*
 * Puts pins in force, and fills in what a call left open: service name and
 * environment from the configuration (not of spans that others made), the route and the tenant (argument or
 * session setting, already in facts, beat the route; the route beats the
 * configuration).  A tenant from
 * a template is written to tenant_buffer.  An empty text in facts means none
 * and is made absent; only the service of a call always has a name.  The route is named in
 * facts if spans that take it go to an address, or with headers, of its own.
 * Returns the sampler that applies.
 */
extern const GenopsSampler *
ConfigurationResolve(GenopsSpanFacts *facts, char tenant_buffer[TENANT_ID_MAX + 1], PinsFor pins);

/* Where and how a stream is delivered.  Contains secrets: for the worker only,
 * made of malloc'd memory because libcurl's side borrows it. */
typedef struct DeliveryTarget
{
	char *url;             /* NULL: nowhere */
	char *why_not;         /* then: why, e.g. "no endpoint is configured" */
	GenopsHeaders headers; /* without the tenant's */
	char *ca_file;         /* NULL: the system's */
	char *client_certificate;
	char *client_key;
	long timeout_ms;
	bool gzip;
} DeliveryTarget;

/* The target of a route ("" is the configuration's own); always fills it.  Needs a transaction. */
extern void DeliveryTargetLoad(const char *route, DeliveryTarget *target);
extern void DeliveryTargetFree(DeliveryTarget *target);

/* Tempo's query address, with what goes along with a question; always fills it.  A
 * copy of a database may ask: nothing of it is sent.  Needs a transaction. */
extern void QueryTargetLoad(DeliveryTarget *target);

#endif
