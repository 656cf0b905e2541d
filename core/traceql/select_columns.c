/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/select_columns.h"

#include "core/traceql/build.h"
#include "core/traceql/walk.h"

static const struct
{
	const char *key;
	GenopsIntrinsic intrinsic;
} columns[GENOPS_COLUMN_COUNT] = {
	[GENOPS_COLUMN_NAME] = { "name", GENOPS_INTRINSIC_NAME },
	[GENOPS_COLUMN_STATUS] = { "status", GENOPS_INTRINSIC_STATUS },
	[GENOPS_COLUMN_KIND] = { "kind", GENOPS_INTRINSIC_KIND },
	[GENOPS_COLUMN_STATUS_MESSAGE] = { "statusMessage", GENOPS_INTRINSIC_STATUS_MESSAGE },
	[GENOPS_COLUMN_PARENT_ID] = { "span:parentID", GENOPS_INTRINSIC_PARENT_ID },
	[GENOPS_COLUMN_SERVICE_NAME] = { "service.name", GENOPS_INTRINSIC_NONE },
};

const char *
genops_column_key(GenopsColumn column)
{
	return columns[column].key;
}

GenopsColumn
genops_column_by_key(GenopsSlice key)
{
	int column = 0;

	while (column < GENOPS_COLUMN_COUNT &&
	       !genops_slice_equal(key, genops_slice(columns[column].key)))
		column++;
	return (GenopsColumn) column;
}

static GenopsAttribute
attribute_of(GenopsColumn column)
{
	GenopsAttribute attribute = { .intrinsic = columns[column].intrinsic };

	if (attribute.intrinsic == GENOPS_INTRINSIC_NONE)
	{
		attribute.scope = GENOPS_SCOPE_RESOURCE;
		attribute.name = genops_slice(columns[column].key);
	}
	return attribute;
}

static void
note(bool *named, const GenopsAttribute *attribute)
{
	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
	{
		if (attribute->intrinsic == GENOPS_INTRINSIC_NONE
		        ? genops_slice_equal(attribute->name, genops_slice(columns[i].key))
		        : attribute->intrinsic == columns[i].intrinsic)
			named[i] = true;
	}
}

static void
note_field(bool *named, const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		note(named, &field->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
		note_field(named, field->operands[i]);
}

static bool
visit(void *named, GenopsFieldRole role, GenopsField **field)
{
	(void) role;
	note_field(named, *field);
	return true;
}

static void note_selected(bool *named, const GenopsPipeline *pipeline);

static void
note_selected_in(bool *named, const GenopsSpanset *spanset)
{
	if (spanset->kind == GENOPS_SPANSET_PIPELINE)
		note_selected(named, spanset->pipeline);
	else if (spanset->kind == GENOPS_SPANSET_OPERATION)
	{
		note_selected_in(named, spanset->left);
		note_selected_in(named, spanset->right);
	}
}

static void
note_selected(bool *named, const GenopsPipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		const GenopsStage *stage = &pipeline->stages[i];

		for (size_t each = 0; each < stage->attribute_count; each++)
			note(named, &stage->attributes[each]);
		if (stage->spanset != NULL)
			note_selected_in(named, stage->spanset);
	}
}

static bool
has_pipeline(const GenopsSpanset *spanset)
{
	if (spanset->kind == GENOPS_SPANSET_OPERATION)
		return has_pipeline(spanset->left) || has_pipeline(spanset->right);
	return spanset->kind == GENOPS_SPANSET_PIPELINE;
}

static bool
may_go_on(const GenopsPipeline *pipeline)
{
	const GenopsStage *first = &pipeline->stages[0];

	return first->spanset == NULL || !has_pipeline(first->spanset);
}

bool
genops_traceql_select_columns(GenopsTraceql *traceql, bool named[GENOPS_COLUMN_COUNT])
{
	GenopsPipeline *pipeline = traceql->query.pipeline;

	memset(named, 0, GENOPS_COLUMN_COUNT * sizeof(bool));
	if (traceql->query.kind != GENOPS_QUERY_SEARCH)
		return true;
	(void) genops_walk_query(&traceql->query, visit, named);
	note_selected(named, pipeline);
	if (!may_go_on(pipeline))
		return true;
	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
	{
		if (!genops_build_select(&traceql->arena, pipeline, attribute_of((GenopsColumn) i)))
			return false;
	}
	return true;
}
