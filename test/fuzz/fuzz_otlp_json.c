/* SPDX-License-Identifier: PostgreSQL */
/*
 * Hostile OTLP/JSON: what is accepted becomes bytes that protobuf-c accepts
 * too, which means that all texts are valid and every length is right.
 */
#include <assert.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/span/otlp_json.h"
#include "core/span/otlp_read.h"

#include "otlp.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error = { 0 };

	if (genops_otlp_from_json((GenopsSlice){ (const char *) data, size }, &bytes, &error))
	{
		Genops__Otlp__ExportTraceServiceRequest *request =
		    genops__otlp__export_trace_service_request__unpack(NULL, bytes.length, bytes.data);
		GenopsSpanWalk walk =
		    genops_walk_request((GenopsSlice){ (const char *) bytes.data, bytes.length });

		assert(request != NULL);
		genops__otlp__export_trace_service_request__free_unpacked(request, NULL);
		while (genops_walk_next(&walk))
		{
			GenopsSpanView view;

			assert(genops_read_span(walk.span, &view));
			assert(view.trace_id.length == 16 && view.span_id.length == 8);
			assert(genops_utf8_valid(view.name));
		}
		assert(!walk.malformed);
	}
	else
	{
		assert(error.message[0] != '\0' && bytes.length == 0);
		assert(genops_utf8_valid(genops_slice(error.message)));
	}
	genops_bytes_free(&bytes);
	return 0;
}
