/* SPDX-License-Identifier: PostgreSQL */
/*
 * Recorded answers of a real Tempo: test/stand_in/tempo_replies, which the
 * stand-in for Tempo replays.
 */
#ifndef GENOPS_TEST_CORE_TEMPO_DATA_H
#define GENOPS_TEST_CORE_TEMPO_DATA_H

#include "test/core/check.h"

/* Valid until the next call. */
static inline GenopsSlice
recorded(const char *name)
{
	static char buffer[65536];
	char path[256];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "test/stand_in/tempo_replies/%s", name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing: run the tests in the source directory", path);
	length = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	assert_true(length < sizeof(buffer));
	return (GenopsSlice){ buffer, length };
}

#endif
