/*
 * What a SQLSTATE means, in words that hold no data.
 */
#ifndef GENOPS_RECORD_CONDITION_H
#define GENOPS_RECORD_CONDITION_H

#include "postgres.h"

#include "core/base/slice.h"

/* Of the condition where calls to models meet it, else of its class; never
 * absent.  Safe in transaction callbacks. */
extern GenopsSlice ConditionText(int sqlstate);

#endif
