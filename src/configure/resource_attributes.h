/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the configuration says of the resource that spans come from, but for the
 * service's name and environment, which differ from span to span.
 *
 * A key is taken from genops_configure(resource_attributes => ...) first, then
 * from OTEL_RESOURCE_ATTRIBUTES: explicit configuration beats that variable, as
 * in every OpenTelemetry SDK.
 */
#ifndef GENOPS_CONFIGURE_RESOURCE_ATTRIBUTES_H
#define GENOPS_CONFIGURE_RESOURCE_ATTRIBUTES_H

#include "postgres.h"

#include "utils/jsonb.h"

/* Raises for an object that cannot be resource attributes: nested values, keys
 * that have settings of their own. */
extern void ResourceCheck(Jsonb *attributes);

/* The text of a key in OTEL_RESOURCE_ATTRIBUTES, or NULL; in the server's
 * encoding.  Allocated in the current memory context. */
extern const char *ResourceEnvironmentText(const char *key);

/* The items of an OTLP Resource.  "configured" is the text of a JSON object
 * that passed ResourceCheck, or NULL. */
extern char *ResourceEncode(const char *configured, Size *length);

#endif
