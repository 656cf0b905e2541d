/* SPDX-License-Identifier: PostgreSQL */
/*
 * A model's reply as SQL hands it out, opened as far as it is wrapped.
 *
 * It may be bare: jsonb, json or text.  Or it may come with what HTTP said of it: as a row
 * of an HTTP client's (pgsql-http: status, headers, content; pg_net: status_code, headers,
 * content, error_msg), or as such a row made jsonb.  Whatever else a function returns, a vector
 * say, is a reply of which nothing can be read.
 */
#ifndef GENOPS_RECORD_REPLY_H
#define GENOPS_RECORD_REPLY_H

#include "postgres.h"

#include "core/base/slice.h"
#include "fmgr.h"
#include "utils/jsonb.h"

typedef struct Reply
{
	bool given;        /* there was one, and it was not NULL */
	Jsonb *jsonb;      /* the body, where it is jsonb */
	GenopsSlice text;  /* the body, where it is a text, in the server's encoding */
	int http_status;   /* 0: not known */
	GenopsSlice error; /* the HTTP client's own: it got no reply */
	Jsonb *header_json;    /* names and values as an object, or objects with "field" and "value" */
	ArrayType *header_rows; /* the same as rows (pgsql-http) */
} Reply;

#define NO_REPLY ((Reply){ 0 })

/* What a call site knows of the type of its replies; zeroed at first. */
typedef struct ReplyType
{
	Oid type; /* InvalidOid: not looked at yet */
	int form; /* private */
} ReplyType;

/* Of any type. */
extern Reply ReplyOfDatum(Datum value, Oid type, ReplyType *known);

/* Of a genops.value. */
extern Reply ReplyOfValue(Datum value);

/* The value of a header, whatever the case of its name; absent if there is none. */
extern GenopsSlice ReplyHeader(const Reply *reply, GenopsSlice name);

/* A status that HTTP has for a request that was not answered as it was meant. */
static inline bool
ReplyFailed(const Reply *reply)
{
	return reply->http_status >= 400 || reply->error.length > 0;
}

#endif
