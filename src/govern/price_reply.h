/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one place where a call's reply becomes usage and cost.
 */
#ifndef GENOPS_GOVERN_PRICE_REPLY_H
#define GENOPS_GOVERN_PRICE_REPLY_H

#include "postgres.h"

#include "core/govern/pricing.h"
#include "utils/jsonb.h"

/* A reply as far as it is opened: jsonb, a text (also json's), or neither. */
typedef struct ReplyBody
{
	Jsonb *jsonb;              /* or NULL */
	GenopsSlice text;          /* in the server's encoding; absent: none */
	int http_status;           /* 0: not known */
	GenopsReplyHeader *header; /* or NULL: values of headers by their names in lower case */
	void *header_context;
} ReplyBody;

/*
 * Reads the reply and prices the call.  Provider, model, options and time of the call are the
 * caller's, in UTF-8.  Fills "reply", whose texts are its own and UTF-8, and "pricing", which
 * borrows from the call, the reply and the price list: its texts are to be used or copied before
 * the next catalog access.
 *
 * Raises for nothing but a lack of memory and a price list that cannot be read.  Warns once a
 * session of a reply whose shape is not known.
 */
extern void PriceReply(const ReplyBody *body, const GenopsPricedCall *call, GenopsReply *reply,
                       GenopsPricing *pricing);

#endif
