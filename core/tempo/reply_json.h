/* SPDX-License-Identifier: PostgreSQL */
/*
 * How the readers of Tempo's replies take parts from parsed JSON: private to them.
 *
 * A reader knows where it is, so that an error can name the place.  Each function
 * takes the member of that name from an object; what is missing or null leaves the
 * value as it is, what is of another type is an error.
 */
#ifndef GENOPS_CORE_TEMPO_REPLY_JSON_H
#define GENOPS_CORE_TEMPO_REPLY_JSON_H

#include "core/span/json_convert.h"
#include "core/tempo/reply.h"

typedef struct GenopsTempoReader
{
	GenopsArena *arena;
	const GenopsInterrupt *interrupt;
	GenopsBytes prepared;      /* the text */
	GenopsSlice member;        /* of it, what root has only as an empty array or object */
	cJSON *root;               /* an object */
	GenopsBytes pairs;         /* where the converter writes */
	GenopsConverter converter; /* also: the error, and the place */
} GenopsTempoReader;

/* "member" or "metrics" must be there, unless the object is empty: else this is the
 * answer of something else.  What is in "member" is not parsed yet.
 * genops_tempo_reader_close in any case. */
extern bool genops_tempo_reader_open(GenopsTempoReader *reader, GenopsSlice json,
                                     const char *member, GenopsArena *arena,
                                     const GenopsInterrupt *interrupt, GenopsError *error);

/* Returns "good"; frees the arena if it is false. */
extern bool genops_tempo_reader_close(GenopsTempoReader *reader, bool good);

extern bool genops_tempo_take_text(GenopsTempoReader *reader, const cJSON *object, const char *name,
                                   GenopsSlice *text);
extern bool genops_tempo_take_uint64(GenopsTempoReader *reader, const cJSON *object,
                                     const char *name, uint64_t *value);
extern bool genops_tempo_take_uint32(GenopsTempoReader *reader, const cJSON *object,
                                     const char *name, uint32_t *value);
extern bool genops_tempo_take_double(GenopsTempoReader *reader, const cJSON *object,
                                     const char *name, double *value);

/* Hexadecimal digits, filled up with zeros in front, in lower case. */
extern bool genops_tempo_take_id(GenopsTempoReader *reader, const cJSON *object, const char *name,
                                 size_t digits, GenopsSlice *id);

/* KeyValues: GENOPS_TEMPO_PAIRS. */
extern bool genops_tempo_take_pairs(GenopsTempoReader *reader, const cJSON *object,
                                    const char *name, GenopsSlice *pairs);

/* "status" and "message". */
extern bool genops_tempo_take_completeness(GenopsTempoReader *reader,
                                           GenopsTempoCompleteness *completeness);

/* An array of objects becomes an array of "size" bytes each, zeroed and then read
 * one by one. */
typedef bool GenopsTempoRead(GenopsTempoReader *reader, const cJSON *object, void *element);
extern bool genops_tempo_take_array(GenopsTempoReader *reader, const cJSON *object,
                                    const char *name, size_t size, GenopsTempoRead *read,
                                    void *array, size_t *count);

/* The same of the member that the reader was opened for, each element parsed by itself. */
extern bool genops_tempo_take_elements(GenopsTempoReader *reader, const char *name, size_t size,
                                       GenopsTempoRead *read, void *array, size_t *count);

/* An array of texts. */
extern bool genops_tempo_take_texts(GenopsTempoReader *reader, const cJSON *object,
                                    const char *name, GenopsSlice **texts, size_t *count);

extern bool genops_tempo_out_of_memory(GenopsTempoReader *reader);

#endif
