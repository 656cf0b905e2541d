/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/bytes.h"

#include <stdlib.h>

#define SMALLEST_CAPACITY 256

bool
genops_bytes_grow(GenopsBytes *bytes, size_t more)
{
	size_t capacity;
	void *data;

	if (bytes->failed)
		return false;
	bytes->failed = true;
	if (!bytes->growing || more > SIZE_MAX / 2 - bytes->length)
		return false;

	capacity = bytes->capacity * 2;
	if (capacity < bytes->length + more)
		capacity = bytes->length + more;
	if (capacity < SMALLEST_CAPACITY)
		capacity = SMALLEST_CAPACITY;
	data = realloc(bytes->data, capacity);
	if (data == NULL)
		return false;

	bytes->data = data;
	bytes->capacity = capacity;
	bytes->failed = false;
	return true;
}

void
genops_bytes_free(GenopsBytes *bytes)
{
	if (bytes->growing)
		free(bytes->data);
	*bytes = (GenopsBytes){ .growing = bytes->growing };
}
