/* SPDX-License-Identifier: PostgreSQL */
/*
 * Addresses: what people configure, and the URL that spans are POSTed to.
 *
 * There are three kinds of OTLP address, and a fourth that is none.
 * OpenTelemetry's general endpoint is a base URL to which "v1/traces" is
 * appended; its traces-specific endpoint is used as it is; a Collector's or
 * otlp_endpoint is a base URL too.  Tempo's query address (port 3200) takes
 * no spans at all, and from it the OTLP address can only be derived where it
 * is the usual one: same host, port 4318.
 *
 * All functions check the URL: http or https, a host, a port from 1 to 65535,
 * no user name or password (headers are for that), no fragment.  They write a
 * NUL-terminated URL to "out" and fail with an error whose hint says what to
 * write instead.  Errors quote scheme, host and port only.
 */
#ifndef GENOPS_CORE_NET_ENDPOINT_H
#define GENOPS_CORE_NET_ENDPOINT_H

#include <stddef.h>

#include "core/base/error.h"

#define GENOPS_URL_SIZE 2048

/* Tempo's query address, without a slash at its end: a path such as
 * "/api/search" is appended to it.  An OTLP port is an error. */
extern bool genops_endpoint_query_url(const char *endpoint, char out[GENOPS_URL_SIZE],
                                      GenopsError *error);

/*
 * From Tempo's query address: http://host[:port][/prefix] becomes
 * http://host:4318/v1/traces.  With https that can only be meant where the
 * port is 3200; else, and for Grafana Cloud, it is an error whose hint names
 * otlp_endpoint.
 */
extern bool genops_endpoint_otlp_from_tempo(const char *endpoint, char out[GENOPS_URL_SIZE],
                                            GenopsError *error);

/* From a Collector's address or otlp_endpoint:
 * appends v1/traces to the path, unless it ends in it. */
extern bool genops_endpoint_otlp_from_base(const char *endpoint, char out[GENOPS_URL_SIZE],
                                           GenopsError *error);

/* OTEL_EXPORTER_OTLP_ENDPOINT: appends v1/traces, whatever it ends in, as OpenTelemetry
 * specifies. */
extern bool genops_endpoint_otlp_appended(const char *endpoint, char out[GENOPS_URL_SIZE],
                                          GenopsError *error);

/* OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: verbatim; an empty path becomes "/". */
extern bool genops_endpoint_otlp_verbatim(const char *endpoint, char out[GENOPS_URL_SIZE],
                                          GenopsError *error);

#endif
