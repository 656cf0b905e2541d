/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pairs of a jsonb object.
 */
#ifndef GENOPS_CONFIGURE_JSON_PAIRS_H
#define GENOPS_CONFIGURE_JSON_PAIRS_H

#include "postgres.h"

#include "utils/jsonb.h"

/* Key in the server's encoding.  Arrays and objects come as jbvBinary. */
typedef void (*JsonEachPair)(const char *key, const JsonbValue *value, void *arg);

extern void JsonForEachPair(Jsonb *object, JsonEachPair each, void *arg);

/* Raises, naming the argument, for what is no object. */
extern void JsonRequireObject(Jsonb *json, const char *argument);

#endif
