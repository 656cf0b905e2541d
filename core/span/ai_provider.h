/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who provides a model, under one name.
 *
 * People, SDKs and price lists write the same provider in many ways: "OpenAI",
 * "openai.chat", "az.ai.openai".  Totals are grouped by one of them, the short name that
 * people use ("bedrock"); OpenTelemetry's attribute has its own ("aws.bedrock").
 */
#ifndef GENOPS_CORE_SPAN_AI_PROVIDER_H
#define GENOPS_CORE_SPAN_AI_PROVIDER_H

#include "core/base/slice.h"

/* The name that a provider is grouped by: in lower case, "-" and blanks as "_".  One that is not
 * known stays what it is otherwise.  Written to the buffer, cut to its size at a character, or one
 * of the known names. */
extern GenopsSlice genops_ai_provider_fold(char *buffer, size_t size, GenopsSlice provider);

/* gen_ai.provider.name for a provider as people write it; an unknown one stays itself. */
extern GenopsSlice genops_ai_provider_name(GenopsSlice provider);

#endif
