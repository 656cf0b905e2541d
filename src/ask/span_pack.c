/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/span_pack.h"
#include "compat.h"
#include "core/span/otlp_write.h"

/* Tags and lengths around resource, scope and spans. */
#define HEAD_MARGIN 64

bytea *
SpanPack(const GenopsEnvelope *envelope, const GenopsSlice *spans, int count)
{
	Size size = 0;
	Size room;
	bytea *packed;
	GenopsBytes out;

	for (int i = 0; i < count; i++)
		size += genops_otlp_span_item_size(spans[i].length);
	room = size + envelope->resource.length + envelope->scope.length + HEAD_MARGIN;
	packed = palloc(VARHDRSZ + room);
	out = genops_bytes_over(VARDATA(packed), room);
	genops_otlp_segment_head(&out, envelope->resource, envelope->scope, size);
	for (int i = 0; i < count; i++)
		genops_otlp_span_item(&out, spans[i]);
	if (out.failed)
		elog(ERROR, "%d spans do not fit into %zu bytes", count, room);
	SET_VARSIZE(packed, VARHDRSZ + out.length);
	return packed;
}
