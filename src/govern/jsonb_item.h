/* SPDX-License-Identifier: PostgreSQL */
/*
 * jsonb for what reads JSON in the core.
 */
#ifndef GENOPS_GOVERN_JSONB_ITEM_H
#define GENOPS_GOVERN_JSONB_ITEM_H

#include "postgres.h"

#include "core/govern/json_item.h"
#include "utils/jsonb.h"

/* Borrows the jsonb.  Texts of it are UTF-8, in the current memory context where the server's
 * encoding is another. */
extern GenopsJsonItem JsonItemOfJsonb(Jsonb *json);

#endif
