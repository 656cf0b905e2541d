/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/normalise.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"

bool
genops_normalise_note_text(GenopsNormaliser *normaliser, const char *text)
{
	GenopsTraceql *traceql = normaliser->traceql;
	GenopsSlice *grown = genops_arena_grow(&traceql->arena, traceql->notices, traceql->notice_count,
	                                       sizeof(GenopsSlice));

	if (grown == NULL)
		return false;
	traceql->notices = grown;
	grown[traceql->notice_count] = genops_arena_copy(&traceql->arena, genops_slice(text));
	return grown[traceql->notice_count++].data != NULL;
}

static size_t
show(char *memory, size_t size, const GenopsField *field)
{
	GenopsBytes out = genops_bytes_over(memory, size);

	genops_traceql_print_field(&out, field);
	if (!out.failed || out.length == 0)
		return out.length;
	return genops_utf8_clip((GenopsSlice){ memory, out.length }, out.length - 1);
}

bool
genops_normalise_note(GenopsNormaliser *normaliser, const GenopsField *before,
                      const GenopsField *after, const char *reason)
{
	char old[160];
	char new[160];
	char text[600];
	int old_length = (int) show(old, sizeof(old), before);
	int new_length = (int) show(new, sizeof(new), after);

	snprintf(text, sizeof(text), "\"%.*s\" is sent as \"%.*s\": %s.", old_length, old, new_length,
	         new, reason);
	return genops_normalise_note_text(normaliser, text);
}

bool
genops_normalise_note_added(GenopsNormaliser *normaliser, const GenopsField *condition,
                            const char *reason)
{
	char shown[200];
	char text[600];
	int length = (int) show(shown, sizeof(shown), condition);

	snprintf(text, sizeof(text), "\"%.*s\" is added to the filter: %s.", length, shown, reason);
	return genops_normalise_note_text(normaliser, text);
}

bool
genops_normalise_insert_filter(GenopsNormaliser *normaliser, GenopsPipeline *pipeline, size_t place,
                               GenopsField *filter)
{
	GenopsArena *arena = &normaliser->traceql->arena;
	GenopsSpanset *spanset = genops_arena_take(arena, sizeof(GenopsSpanset));
	GenopsStage *stages =
	    genops_arena_grow(arena, pipeline->stages, pipeline->count, sizeof(GenopsStage));

	if (spanset == NULL || stages == NULL || filter == NULL)
		return false;
	spanset->kind = GENOPS_SPANSET_FILTER;
	spanset->height = (uint16_t) (filter->height + 1);
	spanset->filter = filter;
	memmove(stages + place + 1, stages + place, (pipeline->count - place) * sizeof(GenopsStage));
	stages[place] = (GenopsStage){ .kind = GENOPS_STAGE_SPANSET, .spanset = spanset };
	pipeline->stages = stages;
	pipeline->count++;
	return true;
}

/* A first stage that names an attribute would see only spans that have it, and so
 * would count() with a stage behind it that names one. */
static bool
sees_too_little(const GenopsPipeline *pipeline)
{
	const GenopsStage *first = &pipeline->stages[0];

	if (first->kind == GENOPS_STAGE_SCALAR_FILTER)
		return first->left->aggregate != GENOPS_AGGREGATE_COUNT || pipeline->count > 1;
	return first->kind == GENOPS_STAGE_GROUP_BY || first->kind == GENOPS_STAGE_COALESCE ||
	       first->kind == GENOPS_STAGE_SELECT;
}

static bool
start_with_all_spans(GenopsNormaliser *normaliser, GenopsPipeline *pipeline)
{
	GenopsLiteral everything = { GENOPS_TYPE_BOOLEAN, 1, 0, GENOPS_ABSENT };

	return genops_normalise_insert_filter(
	           normaliser, pipeline, 0,
	           genops_build_literal(&normaliser->traceql->arena, everything, 0)) &&
	       genops_normalise_note_text(normaliser,
	                                  "\"{ true } | \" is put in front: Tempo's first stage sees "
	                                  "only spans with the attribute it names.");
}

/* Behind select() Tempo's stages see only what was fetched before it. */
static bool
select_last(GenopsNormaliser *normaliser, GenopsPipeline *pipeline)
{
	GenopsStage *stages = pipeline->stages;
	size_t unmoved = pipeline->count;

	while (unmoved > 0 && stages[unmoved - 1].kind == GENOPS_STAGE_SELECT)
		unmoved--;
	for (size_t i = 0, left = unmoved; left > 0; left--)
	{
		GenopsStage stage = stages[i];

		if (stage.kind != GENOPS_STAGE_SELECT)
		{
			i++;
			continue;
		}
		memmove(stages + i, stages + i + 1, (pipeline->count - i - 1) * sizeof(GenopsStage));
		stages[pipeline->count - 1] = stage;
		if (!genops_normalise_note_text(normaliser,
		                                "select() is moved to the end: Tempo's stages behind it "
		                                "would see only what was fetched before."))
			return false;
	}
	return true;
}

bool
genops_normalise_pipeline(GenopsNormaliser *normaliser, GenopsPipeline *pipeline)
{
	if (!select_last(normaliser, pipeline))
		return false;
	if (sees_too_little(pipeline) && !start_with_all_spans(normaliser, pipeline))
		return false;
	for (size_t i = 0; i < pipeline->count; i++)
	{
		if (pipeline->stages[i].spanset != NULL &&
		    !genops_normalise_spanset(normaliser, pipeline->stages[i].spanset,
		                              normaliser->of_trees))
			return false;
	}
	return true;
}

static bool
normalise_whole(GenopsNormaliser *normaliser, GenopsPipeline *pipeline)
{
	normaliser->of_trees = genops_pipeline_has_tree(pipeline);
	return genops_normalise_pipeline(normaliser, pipeline);
}

static bool
mentions_place(const GenopsMetricsCall *call)
{
	for (size_t i = 0; i < call->by_count; i++)
	{
		if (genops_is_place(&call->by[i]))
			return true;
	}
	return genops_is_place(&call->attribute);
}

static bool
normalise_metrics(GenopsNormaliser *normaliser, GenopsMetrics *metrics)
{
	switch (metrics->kind)
	{
		case GENOPS_METRICS_CALL:
			normaliser->of_metrics = true;
			normaliser->by_place = mentions_place(&metrics->call);
			return normalise_whole(normaliser, metrics->pipeline) &&
			       genops_normalise_call(normaliser, metrics);
		case GENOPS_METRICS_OPERATION:
			return normalise_metrics(normaliser, metrics->left) &&
			       normalise_metrics(normaliser, metrics->right);
		default:
			return true;
	}
}

/* A tree of its own, which can be rewritten: from the text. */
static bool
copy(const GenopsTraceql *traceql, GenopsTraceql *normalised, GenopsTraceqlError *error)
{
	GenopsBytes text = genops_bytes_growing();
	bool copied;

	genops_traceql_print(&text, &traceql->query);
	if (!text.failed && text.length > GENOPS_TRACEQL_MAX_LENGTH)
		copied = genops_error_set(&error->error, GENOPS_TOO_LARGE,
		                          "the TraceQL query is too long to be rewritten for Tempo");
	else
		copied = text.failed
		             ? genops_complain_memory(error)
		             : genops_traceql_parse((GenopsSlice){ (const char *) text.data, text.length },
		                                    GENOPS_TRACEQL_STRICT, normalised, error);
	genops_bytes_free(&text);
	return copied;
}

static bool
rewrite(const GenopsTraceql *traceql, bool chooses, GenopsTraceql *normalised,
        GenopsTraceqlError *error)
{
	GenopsNormaliser normaliser = { .traceql = normalised, .chooses = chooses };
	GenopsQuery *query;

	*error = (GenopsTraceqlError){ 0 };
	*normalised = (GenopsTraceql){ 0 };
	if (!copy(traceql, normalised, error))
		return false;
	query = &normalised->query;
	query->instant = traceql->query.instant;
	if (genops_normalise_collect_mentions(&normaliser, query) &&
	    (query->kind == GENOPS_QUERY_METRICS ? normalise_metrics(&normaliser, query->metrics)
	                                         : normalise_whole(&normaliser, query->pipeline)))
		return true;
	genops_traceql_free(normalised);
	return genops_error_set(&error->error, GENOPS_TOO_LARGE,
	                        "the TraceQL query is nested too deeply to be rewritten for Tempo");
}

/* What is added for another reason may have ended that Tempo chooses among events; then nothing
 * is lost by asking for all their values. */
bool
genops_traceql_normalise(const GenopsTraceql *traceql, GenopsTraceql *normalised,
                         GenopsTraceqlError *error)
{
	bool chooses = genops_normalise_chooses(&traceql->query);

	if (!rewrite(traceql, chooses, normalised, error))
		return false;
	if (!chooses || genops_normalise_chooses(&normalised->query))
		return true;
	genops_traceql_free(normalised);
	return rewrite(traceql, false, normalised, error);
}
