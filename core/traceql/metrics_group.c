/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_group.h"

#include <stdlib.h>
#include <time.h>

typedef struct GenopsGroupPlace
{
	uint64_t hash;
	size_t offset; /* in the keys */
	size_t length;
} GenopsGroupPlace;

#define FIRST_SLOTS 64

/* Hashing: SipHash-1-3, which nobody without the seed can steer. */

static uint64_t
rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void
mix(uint64_t state[4])
{
	state[0] += state[1];
	state[2] += state[3];
	state[1] = rotate(state[1], 13) ^ state[0];
	state[3] = rotate(state[3], 16) ^ state[2];
	state[0] = rotate(state[0], 32);
	state[2] += state[1];
	state[0] += state[3];
	state[1] = rotate(state[1], 17) ^ state[2];
	state[3] = rotate(state[3], 21) ^ state[0];
	state[2] = rotate(state[2], 32);
}

static uint64_t
hash_key(const uint64_t seed[2], GenopsSlice key)
{
	uint64_t state[4] = { seed[0] ^ UINT64_C(0x736f6d6570736575),
		                  seed[1] ^ UINT64_C(0x646f72616e646f6d),
		                  seed[0] ^ UINT64_C(0x6c7967656e657261),
		                  seed[1] ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t) key.length << 56;
	size_t whole = key.length / 8 * 8;
	uint64_t word;

	for (size_t i = 0; i < whole; i += 8)
	{
		memcpy(&word, key.data + i, 8);
		state[3] ^= word;
		mix(state);
		state[0] ^= word;
	}
	for (size_t i = whole; i < key.length; i++)
		last |= (uint64_t) (uint8_t) key.data[i] << (8 * (i - whole));
	state[3] ^= last;
	mix(state);
	state[0] ^= last;
	state[2] ^= 0xFF;
	for (int i = 0; i < 3; i++)
		mix(state);
	return state[0] ^ state[1] ^ state[2] ^ state[3];
}

GenopsGroups
genops_groups(void)
{
	GenopsGroups groups = { .keys = genops_bytes_growing() };
	struct timespec now = { 0 };

	/* Spans are sent before the query that reads them runs, so the nanosecond and
	 * the place of the stack are enough of a secret. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	groups.seed[0] = (uint64_t) now.tv_nsec << 32 ^ (uint64_t) now.tv_sec;
	groups.seed[1] = (uint64_t) (uintptr_t) &now * UINT64_C(0x9E3779B97F4A7C15);
	return groups;
}

void
genops_groups_free(GenopsGroups *groups)
{
	genops_bytes_free(&groups->keys);
	free(groups->places);
	free(groups->slots);
	*groups = (GenopsGroups){ 0 };
}

void
genops_groups_clear(GenopsGroups *groups)
{
	genops_groups_free(groups);
	*groups = genops_groups();
}

GenopsSlice
genops_groups_key(const GenopsGroups *groups, size_t number)
{
	const GenopsGroupPlace *place = &groups->places[number];

	if (place->length == 0)
		return GENOPS_LITERAL("");
	return (GenopsSlice){ (const char *) groups->keys.data + place->offset, place->length };
}

static bool
is_key(const GenopsGroups *groups, size_t number, GenopsSlice key)
{
	const GenopsGroupPlace *place = &groups->places[number];

	/* Of an empty key neither may have bytes. */
	return place->length == key.length &&
	       (key.length == 0 ||
	        memcmp(groups->keys.data + place->offset, key.data, key.length) == 0);
}

/* The slot of the key, or the free one where it belongs. */
static size_t
find_slot(const GenopsGroups *groups, uint64_t hash, GenopsSlice key)
{
	size_t slot = hash & (groups->slot_count - 1);

	while (groups->slots[slot] != 0)
	{
		size_t number = groups->slots[slot] - 1;

		if (groups->places[number].hash == hash && is_key(groups, number, key))
			break;
		slot = (slot + 1) & (groups->slot_count - 1);
	}
	return slot;
}

static bool
grow_slots(GenopsGroups *groups)
{
	size_t count = groups->slot_count == 0 ? FIRST_SLOTS : 2 * groups->slot_count;
	uint32_t *slots = calloc(count, sizeof(uint32_t));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < groups->count; i++)
	{
		size_t slot = groups->places[i].hash & (count - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (count - 1);
		slots[slot] = (uint32_t) i + 1;
	}
	free(groups->slots);
	groups->slots = slots;
	groups->slot_count = count;
	return true;
}

/* Slots are at least twice as many as keys. */
static bool
make_room(GenopsGroups *groups)
{
	size_t room = groups->room == 0 ? FIRST_SLOTS / 2 : 2 * groups->room;
	GenopsGroupPlace *places;

	if (groups->count < groups->room)
		return true;
	places = realloc(groups->places, room * sizeof(GenopsGroupPlace));
	if (places == NULL)
		return false;
	groups->places = places;
	groups->room = room;
	return grow_slots(groups);
}

static bool
check_limits(const GenopsGroups *groups, GenopsSlice key, size_t most, GenopsError *error)
{
	if (groups->count < most && key.length <= GENOPS_GROUPS_MAX_BYTES - groups->keys.length)
		return true;
	if (groups->count >= most)
		genops_error_set(error, GENOPS_TOO_LARGE, "the metrics have more than %zu groups", most);
	else
		genops_error_set(error, GENOPS_TOO_LARGE, "the metrics' groups have too long values");
	genops_error_hint(error, "Group by fewer attributes or by such with fewer values, or let a "
	                         "filter leave fewer spans.");
	return false;
}

static bool
add(GenopsGroups *groups, uint64_t hash, GenopsSlice key)
{
	GenopsGroupPlace *place;

	if (!make_room(groups))
		return false;
	place = &groups->places[groups->count];
	*place = (GenopsGroupPlace){ hash, groups->keys.length, key.length };
	genops_bytes_put(&groups->keys, key.data, key.length);
	if (groups->keys.failed)
		return false;
	groups->slots[find_slot(groups, hash, key)] = (uint32_t) ++groups->count;
	return true;
}

bool
genops_groups_find(GenopsGroups *groups, GenopsSlice key, size_t most, size_t *number,
                   GenopsError *error)
{
	uint64_t hash = hash_key(groups->seed, key);

	if (groups->slot_count > 0)
	{
		uint32_t found = groups->slots[find_slot(groups, hash, key)];

		*number = (size_t) found - 1;
		if (found != 0)
			return true;
	}
	*number = groups->count;
	if (!check_limits(groups, key, most, error))
		return false;
	return add(groups, hash, key) ||
	       genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the metrics' groups");
}

bool
genops_groups_has(const GenopsGroups *groups, GenopsSlice key)
{
	return groups->slot_count > 0 &&
	       groups->slots[find_slot(groups, hash_key(groups->seed, key), key)] != 0;
}
