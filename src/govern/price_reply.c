/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "compat.h"
#include "configure/utf8_text.h"
#include "govern/jsonb_item.h"
#include "govern/price_list.h"
#include "govern/price_reply.h"
#include "mb/pg_wchar.h"

/* Text that is no JSON is an answer without more, which some functions return. */
static bool
LooksLikeAReply(const ReplyBody *body)
{
	const char *at = body->text.data;

	if (body->jsonb != NULL)
		return true;
	for (size_t i = 0; i < body->text.length; i++)
	{
		if (!isspace((unsigned char) at[i]))
			return at[i] == '{' || at[i] == '[';
	}
	return false;
}

static void
WarnOfUnknownShape(const ReplyBody *body, const GenopsReply *reply)
{
	static bool warned = false;

	if (warned || reply->shape != NULL || reply->failed || !LooksLikeAReply(body))
		return;
	warned = true;
	ereport(
	    WARNING,
	    (errcode(ERRCODE_WARNING),
	     errmsg("the usage of a reply could not be read, because its shape is not known"),
	     errdetail("The call is recorded without tokens and without a cost."),
	     errhint("Pass prompt_tokens and completion_tokens, or the provider's reply as it came. "
	             "This is said once a session.")));
}

static GenopsSlice
Utf8Text(GenopsSlice text)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return text;
	return genops_slice(Utf8FromServer(pnstrdup(text.data, text.length)));
}

static void
Read(const ReplyBody *body, const GenopsPricedCall *call, GenopsReply *reply)
{
	GenopsReplyInput input = { .provider = call->provider,
		                       .operation = call->operation,
		                       .status = body->http_status,
		                       .header = body->header,
		                       .header_context = body->header_context };

	if (body->jsonb != NULL && VARSIZE(body->jsonb) <= GENOPS_REPLY_MAX_SIZE)
		genops_reply_read(&input, JsonItemOfJsonb(body->jsonb), reply);
	else if (body->jsonb == NULL && genops_slice_present(body->text) &&
	         body->text.length <= GENOPS_REPLY_MAX_SIZE)
		genops_reply_read_text(&input, Utf8Text(body->text), reply);
	else
		genops_reply_unread(&input, reply);
}

void
PriceReply(const ReplyBody *body, const GenopsPricedCall *call, GenopsReply *reply,
           GenopsPricing *pricing)
{
	Read(body, call, reply);
	WarnOfUnknownShape(body, reply);
	genops_price_call(PriceBookGet(), call, reply, pricing);
}
