/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answers of /api/v2/search/tags and /api/v2/search/tag/.../values.
 */
#include "core/tempo/reply_json.h"

/* A scope with its tags, as they come. */
typedef struct Scope
{
	GenopsSlice name;
	GenopsSlice *tags;
	size_t tag_count;
} Scope;

static bool
read_scope(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	Scope *scope = element;

	scope->name = GENOPS_LITERAL("");
	return genops_tempo_take_text(reader, object, "name", &scope->name) &&
	       genops_tempo_take_texts(reader, object, "tags", &scope->tags, &scope->tag_count);
}

static bool
flatten(GenopsTempoReader *reader, const Scope *scopes, size_t scope_count, GenopsTempoTags *tags)
{
	size_t count = 1; /* never none: no memory would look like a failure */

	for (size_t i = 0; i < scope_count; i++)
		count += scopes[i].tag_count;
	tags->tags = genops_arena_take(reader->arena, count * sizeof(GenopsTempoTag));
	if (tags->tags == NULL)
		return genops_tempo_out_of_memory(reader);
	for (size_t i = 0; i < scope_count; i++)
	{
		for (size_t tag = 0; tag < scopes[i].tag_count; tag++)
			tags->tags[tags->tag_count++] = (GenopsTempoTag){ scopes[i].name, scopes[i].tags[tag] };
	}
	return true;
}

bool
genops_tempo_tags_read(GenopsSlice json, GenopsTempoTags *tags, const GenopsInterrupt *interrupt,
                       GenopsError *error)
{
	GenopsTempoReader reader;
	Scope *scopes;
	size_t scope_count;
	bool good;

	*tags = (GenopsTempoTags){ 0 };
	good = genops_tempo_reader_open(&reader, json, "scopes", &tags->arena, interrupt, error) &&
	       genops_tempo_take_elements(&reader, "scopes", sizeof(Scope), read_scope, &scopes,
	                                  &scope_count) &&
	       flatten(&reader, scopes, scope_count, tags);
	return genops_tempo_reader_close(&reader, good);
}

/* An empty value is left out of the JSON. */
static bool
read_value(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoTagValue *value = element;

	value->type = GENOPS_LITERAL("");
	value->value = GENOPS_LITERAL("");
	return genops_tempo_take_text(reader, object, "type", &value->type) &&
	       genops_tempo_take_text(reader, object, "value", &value->value);
}

bool
genops_tempo_tag_values_read(GenopsSlice json, GenopsTempoTagValues *values,
                             const GenopsInterrupt *interrupt, GenopsError *error)
{
	GenopsTempoReader reader;
	bool good;

	*values = (GenopsTempoTagValues){ 0 };
	good = genops_tempo_reader_open(&reader, json, "tagValues", &values->arena, interrupt, error) &&
	       genops_tempo_take_elements(&reader, "tagValues", sizeof(GenopsTempoTagValue), read_value,
	                                  &values->values, &values->value_count);
	return genops_tempo_reader_close(&reader, good);
}
