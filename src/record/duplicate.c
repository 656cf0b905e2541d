#include "postgres.h"

#include "common/hashfn.h"
#include "record/arguments.h"
#include "record/duplicate.h"

#define REMEMBERED 64
#define REMEMBER_NS (INT64CONST(600) * 1000 * 1000 * 1000)

typedef struct Reply
{
	uint64 key;
	int64 seen_ns;
} Reply;

static Reply replies[REMEMBERED];
static int next_reply = 0;

static uint64
Mix(uint64 key, GenopsSlice text)
{
	return hash_bytes_extended((const unsigned char *) text.data, (int) text.length, key);
}

uint64
DuplicateKey(GenopsSlice response_id, const GenopsSpanFacts *facts)
{
	uint64 key = Mix(0, response_id);

	key = Mix(key, facts->text[GENOPS_TEXT_PROVIDER]);
	key = Mix(key, facts->text[GENOPS_TEXT_MODEL]);
	key = hash_bytes_extended((const unsigned char *) facts->tokens, sizeof(facts->tokens), key);
	return key != 0 ? key : 1;
}

bool
DuplicateSeen(uint64 key)
{
	int64 oldest = ClockNanoseconds() - REMEMBER_NS;

	for (int i = 0; i < REMEMBERED; i++)
		if (replies[i].key == key && replies[i].seen_ns > oldest)
			return true;
	return false;
}

void
DuplicateRemember(uint64 key)
{
	replies[next_reply] = (Reply){ key, ClockNanoseconds() };
	next_reply = (next_reply + 1) % REMEMBERED;
}
