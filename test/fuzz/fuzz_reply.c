/* SPDX-License-Identifier: PostgreSQL */
/*
 * A provider's reply: any text, of any provider.
 */
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/govern/reply.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(GenopsSlice text)
{
	if (!genops_utf8_valid(text))
		abort();
}

/* A count is known or not, and the parts are parts. */
static void
check_usage(const GenopsUsage *usage)
{
	int64_t limit = 4 * GENOPS_TOKENS_MAX;

	if (usage->input < -1 || usage->input > limit || usage->output < -1 || usage->output > limit ||
	    usage->reasoning < -1 || (usage->output >= 0 && usage->reasoning > usage->output) ||
	    (usage->input >= 0 && usage->cache_read + usage->cache_write > usage->input) ||
	    usage->cache_write_1h + usage->cache_write_12h > usage->cache_write)
		abort();
}

static void
check_reply(const GenopsReply *reply)
{
	check_text(reply->model);
	check_text(reply->id);
	check_text(reply->service_tier);
	check_text(reply->error_type);
	check_text(reply->error_message);
	for (size_t i = 0; i < reply->finish_reason_count; i++)
		check_text(reply->finish_reasons[i]);
	for (int flag = 0; flag < GENOPS_USAGE_FLAG_COUNT; flag++)
	{
		char text[GENOPS_USAGE_FLAG_TEXT_SIZE];

		if (genops_usage_flagged(&reply->flags, (GenopsUsageFlag) flag))
			check_text((GenopsSlice){
			    text, genops_usage_flag_print(&reply->flags, (GenopsUsageFlag) flag, text) });
	}
	if (reply->has_usage)
		check_usage(&reply->usage);
	if (reply->failed != (reply->error_type.length > 0) ||
	    (reply->has_stated_cost && reply->stated_cost < 0))
		abort();
}

/* The first byte chooses the provider and the status. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const providers[] = { NULL,         "openai",  "anthropic", "xai",
		                                     "perplexity", "bedrock", "gemini",    "openrouter",
		                                     "litellm",    "cohere",  "ollama",    "groq",
		                                     "deepseek",   "azure",   "voyage",    "nobody" };
	static GenopsReply reply;
	GenopsReplyInput input = { 0 };

	if (size < 1)
		return 0;
	input.provider = genops_slice(providers[data[0] % 16]);
	input.status = data[0] & 0x80 ? 500 : 200;
	genops_reply_read_text(&input, (GenopsSlice){ (const char *) data + 1, size - 1 }, &reply);
	check_reply(&reply);
	return 0;
}
