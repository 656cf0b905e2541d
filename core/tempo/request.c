/* SPDX-License-Identifier: PostgreSQL */
#include "core/tempo/request.h"

#include <inttypes.h>
#include <stdio.h>

#define US_PER_MS 1000
#define US_PER_SECOND 1000000

static void
put(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

static void
end(GenopsBytes *out)
{
	genops_bytes_put(out, "", 1);
}

/* RFC 3986, 2.3. */
static bool
unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

static void
put_encoded(GenopsBytes *out, GenopsSlice text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];
		char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (unreserved(c))
			genops_bytes_put(out, &c, 1);
		else
			genops_bytes_put(out, escape, sizeof(escape));
	}
}

/* "separator" is "?" before the first parameter, else "&". */
static void
put_text(GenopsBytes *out, const char *separator, const char *name, GenopsSlice value)
{
	put(out, separator);
	put(out, name);
	put(out, "=");
	put_encoded(out, value);
}

static void
put_number(GenopsBytes *out, const char *separator, const char *name, int64_t value,
           const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64 "%s", value, unit);
	put_text(out, separator, name, genops_slice(text));
}

static void
put_seconds(GenopsBytes *out, const char *separator, GenopsTempoRange range)
{
	int64_t start = range.start_us > 0 ? range.start_us / US_PER_SECOND : 0;
	int64_t last = range.end_us > 0 ? (range.end_us - 1) / US_PER_SECOND + 1 : 0;

	put_number(out, separator, "start", start, "");
	put_number(out, "&", "end", last > start ? last : start + 1, "");
}

/* Seconds where they are whole, else nanoseconds, which Tempo knows by their
 * length.  It takes 0 for a parameter that was not given. */
static void
put_moment(GenopsBytes *out, const char *name, int64_t unix_us)
{
	if (unix_us < US_PER_SECOND)
		unix_us = US_PER_SECOND;
	if (unix_us % US_PER_SECOND == 0)
		put_number(out, "&", name, unix_us / US_PER_SECOND, "");
	else
		put_number(out, "&", name, unix_us, "000");
}

/* A duration as Go writes it. */
static void
put_step(GenopsBytes *out, int64_t step_us)
{
	if (step_us % US_PER_SECOND == 0)
		put_number(out, "&", "step", step_us / US_PER_SECOND, "s");
	else if (step_us % US_PER_MS == 0)
		put_number(out, "&", "step", step_us / US_PER_MS, "ms");
	else
		put_number(out, "&", "step", step_us, "us");
}

void
genops_tempo_search_url(GenopsBytes *out, const char *base, GenopsSlice query,
                        GenopsTempoRange range, int limit, int spans_per_spanset)
{
	put(out, base);
	put(out, "/api/search");
	put_text(out, "?", "q", query);
	put_number(out, "&", "limit", limit, "");
	put_number(out, "&", "spss", spans_per_spanset, "");
	put_seconds(out, "&", range);
	end(out);
}

void
genops_tempo_metrics_url(GenopsBytes *out, const char *base, GenopsSlice query,
                         GenopsTempoRange range, int64_t step_us)
{
	put(out, base);
	put(out, "/api/metrics/query_range");
	put_text(out, "?", "q", query);
	put_moment(out, "start", range.start_us);
	put_moment(out, "end", range.end_us);
	if (step_us > 0)
		put_step(out, step_us);
	end(out);
}

void
genops_tempo_instant_url(GenopsBytes *out, const char *base, GenopsSlice query,
                         GenopsTempoRange range)
{
	put(out, base);
	put(out, "/api/metrics/query");
	put_text(out, "?", "q", query);
	put_moment(out, "start", range.start_us);
	put_moment(out, "end", range.end_us);
	end(out);
}

void
genops_tempo_trace_url(GenopsBytes *out, const char *base, GenopsSlice trace_id)
{
	put(out, base);
	put(out, "/api/v2/traces/");
	put_encoded(out, trace_id);
	end(out);
}

void
genops_tempo_tags_url(GenopsBytes *out, const char *base, GenopsSlice scope,
                      const GenopsTempoRange *range)
{
	put(out, base);
	put(out, "/api/v2/search/tags");
	if (genops_slice_present(scope))
		put_text(out, "?", "scope", scope);
	if (range != NULL)
		put_seconds(out, genops_slice_present(scope) ? "&" : "?", *range);
	end(out);
}

void
genops_tempo_tag_values_url(GenopsBytes *out, const char *base, GenopsSlice tag, GenopsSlice query,
                            const GenopsTempoRange *range)
{
	put(out, base);
	put(out, "/api/v2/search/tag/");
	put_encoded(out, tag);
	put(out, "/values");
	if (genops_slice_present(query))
		put_text(out, "?", "q", query);
	if (range != NULL)
		put_seconds(out, genops_slice_present(query) ? "&" : "?", *range);
	end(out);
}

void
genops_tempo_build_url(GenopsBytes *out, const char *base)
{
	put(out, base);
	put(out, "/api/status/buildinfo");
	end(out);
}
