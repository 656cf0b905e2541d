/* SPDX-License-Identifier: PostgreSQL */
/*
 * The list syntax of OpenTelemetry's environment variables: "k=v,k2=v2",
 * which is W3C baggage without properties.
 */
#ifndef GENOPS_CORE_NET_KEY_VALUES_H
#define GENOPS_CORE_NET_KEY_VALUES_H

#include "core/base/error.h"
#include "core/base/slice.h"

/* Is given each member, decoded; the slices live for the call.  False with
 * the error set ends the walk. */
typedef bool (*GenopsEachKeyValue)(GenopsSlice key, GenopsSlice value, void *arg,
                                   GenopsError *error);

/*
 * Walks the members: split at the first "=", blanks around key and value
 * trimmed, the value percent-decoded.  Empty members are skipped.  With
 * "strict", the key is decoded too and a "%" without two hexadecimal digits,
 * or text that is not valid UTF-8 when decoded, is an error
 * (OTEL_RESOURCE_ATTRIBUTES); otherwise such a "%" stands for itself (headers).
 * Errors name a member by its position, never by its text.
 */
extern bool genops_key_values_each(GenopsSlice text, bool strict, GenopsEachKeyValue each,
                                   void *arg, GenopsError *error);

#endif
