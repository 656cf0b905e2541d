/* SPDX-License-Identifier: PostgreSQL */
/*
 * Envelopes: what spans are wrapped in.
 */
#include "core/span/otlp_put.h"
#include "core/span/otlp_write.h"

void
genops_otlp_resource_item(GenopsBytes *out, GenopsSlice key, GenopsSlice any_value)
{
	put_key_value(out, LENGTH(1), key, any_value);
}

void
genops_otlp_scope(GenopsBytes *out, GenopsSlice name, GenopsSlice version)
{
	uint8_t *at = reserve(out, optional_size(name) + optional_size(version));

	if (at == NULL)
		return;
	at = put_optional(at, LENGTH(1), name);
	put_optional(at, LENGTH(2), version);
}

void
genops_otlp_segment_head(GenopsBytes *out, GenopsSlice resource, GenopsSlice scope,
                         size_t spans_size)
{
	size_t resource_size = genops_slice_present(resource) ? field_size(resource.length) : 0;
	size_t scope_size = genops_slice_present(scope) ? field_size(scope.length) : 0;
	size_t content = scope_size + spans_size;
	uint8_t *at = reserve(out, resource_size + 1 + varint_size(content) + scope_size);

	if (at == NULL)
		return;
	if (resource_size > 0)
		at = put_slice(at, LENGTH(1), resource);
	at = put_head(at, LENGTH(2), content);
	if (scope_size > 0)
		put_slice(at, LENGTH(1), scope);
}

size_t
genops_otlp_schema_url_size(GenopsSlice url)
{
	return optional_size(url);
}

void
genops_otlp_segment_tail(GenopsBytes *out, GenopsSlice scope_schema_url,
                         GenopsSlice resource_schema_url)
{
	uint8_t *at =
	    reserve(out, optional_size(scope_schema_url) + optional_size(resource_schema_url));

	if (at == NULL)
		return;
	at = put_optional(at, LENGTH(3), scope_schema_url);
	put_optional(at, LENGTH(3), resource_schema_url);
}

size_t
genops_otlp_span_item_size(size_t span_size)
{
	return field_size(span_size);
}

void
genops_otlp_span_item(GenopsBytes *out, GenopsSlice span)
{
	put_content(out, LENGTH(2), span);
}
