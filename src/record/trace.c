/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "common/pg_prng.h"
#include "core/span/otlp_write.h"
#include "record/arguments.h"
#include "record/call.h"
#include "record/complaint.h"
#include "record/statement.h"
#include "record/trace.h"
#include "settings.h"

typedef struct Parent
{
	GenopsTraceParent at;
	GenopsSlice trace_state;
	bool remote;
} Parent;

static bool
AllZero(const uint8 *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* Ids need to be unique, not secret: PostgreSQL seeds this generator for each
 * process, and it takes no system call. */
static void
MakeId(uint8 *id, size_t size)
{
	do
	{
		for (size_t i = 0; i < size; i += sizeof(uint64))
		{
			uint64 random = pg_prng_uint64(&pg_global_prng_state);

			memcpy(id + i, &random, sizeof(random));
		}
	} while (AllZero(id, size));
}

static void
ComplainOfTraceparent(GenopsSlice text)
{
	Complain(COMPLAINT_TRACE, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("invalid value for \"traceparent\": \"%s\"", TextForMessage(text)),
	         errdetail("It must be a W3C traceparent, like "
	                   "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"."),
	         errhint("Pass what genops_begin, genops_track or genops_traceparent returned, or a "
	                 "request's header."));
}

static bool
ParentFromCall(const OpenCall *call, Parent *parent)
{
	if (call == NULL)
		return false;
	parent->at = call->own;
	parent->trace_state = call->trace_state;
	parent->remote = false;
	return true;
}

static bool
ParentFromSession(Parent *parent)
{
	parent->remote = true;
	parent->trace_state = GENOPS_ABSENT;
	if (setting_traceparent != NULL && setting_traceparent[0] != '\0' &&
	    genops_traceparent_parse(genops_slice(setting_traceparent), &parent->at))
		return true;
	return StatementTraceParent(&parent->at, &parent->trace_state);
}

static bool
InheritParent(Parent *parent)
{
	return ParentFromCall(CallInnermost(), parent) || ParentFromSession(parent);
}

static bool
FindParent(GenopsSlice traceparent, GenopsSlice trace_state, Parent *parent)
{
	if (!genops_slice_present(traceparent))
		return InheritParent(parent);
	if (traceparent.length == 0)
		return false;
	if (!genops_traceparent_parse(traceparent, &parent->at))
	{
		ComplainOfTraceparent(traceparent);
		return InheritParent(parent);
	}
	if (ParentFromCall(CallFind(&parent->at), parent))
		return true;
	parent->remote = true;
	parent->trace_state = trace_state;
	return true;
}

static void
NewIds(TracePlace *place, const Parent *parent, const GenopsSampler *sampler)
{
	MakeId(place->own.span_id, GENOPS_SPAN_ID_SIZE);
	if (parent != NULL)
	{
		memcpy(place->own.trace_id, parent->at.trace_id, GENOPS_TRACE_ID_SIZE);
		place->own.flags = parent->at.flags;
		if (!sampler->asks_anew)
			return;
		place->own.flags &= ~GENOPS_TRACE_FLAG_SAMPLED;
	}
	else
	{
		MakeId(place->own.trace_id, GENOPS_TRACE_ID_SIZE);
		place->own.flags = GENOPS_TRACE_FLAG_RANDOM;
	}
	if (genops_sampler_keeps(sampler, place->own.trace_id, GENOPS_ABSENT))
		place->own.flags |= GENOPS_TRACE_FLAG_SAMPLED;
}

/* Ids that were made before.  True if the parent is of the same trace; one that is not is
 * passed over, and complained of if it was given. */
static bool
GivenIds(TracePlace *place, const GenopsTraceParent *call, const Parent *parent,
         bool parent_was_given)
{
	place->own = *call;
	if (parent == NULL)
		return false;
	if (memcmp(parent->at.trace_id, call->trace_id, GENOPS_TRACE_ID_SIZE) == 0)
		return memcmp(parent->at.span_id, call->span_id, GENOPS_SPAN_ID_SIZE) != 0;
	if (parent_was_given)
		Complain(COMPLAINT_TRACE, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("\"call\" and \"traceparent\" are of different traces"),
		         errdetail("A call and its parent have the same trace id. The call is recorded "
		                   "without a parent."),
		         errhint("Make the call's id with genops_traceparent() where the parent is "
		                 "current, or leave \"traceparent\" out."));
	return false;
}

/* A trace that starts here tells everybody downstream its sampling rate. */
static GenopsSlice
StateToWrite(TracePlace *place, const Parent *parent, const GenopsSampler *sampler)
{
	if (parent == NULL)
	{
		if (!(place->own.flags & GENOPS_TRACE_FLAG_SAMPLED) || sampler->ot_length == 0)
			return GENOPS_ABSENT;
		memcpy(place->state_buffer, "ot=", 3);
		memcpy(place->state_buffer + 3, sampler->ot_value, sampler->ot_length);
		return (GenopsSlice){ place->state_buffer, 3 + sampler->ot_length };
	}
	if (sampler->asks_anew && (place->own.flags & GENOPS_TRACE_FLAG_SAMPLED))
		return genops_tracestate_update(place->state_buffer, parent->trace_state,
		                                (GenopsSlice){ sampler->ot_value, sampler->ot_length });
	if (parent->trace_state.length == 0)
		return GENOPS_ABSENT;
	return genops_tracestate_update(place->state_buffer, parent->trace_state, GENOPS_ABSENT);
}

void
TraceFindPlace(TracePlace *place, GenopsSlice traceparent, const GenopsTraceParent *call,
               GenopsSlice trace_state, const GenopsSampler *sampler)
{
	Parent found;
	const Parent *parent = FindParent(traceparent, trace_state, &found) ? &found : NULL;

	if (call == NULL)
		NewIds(place, parent, sampler);
	else if (!GivenIds(place, call, parent, genops_slice_present(traceparent)))
		parent = NULL;

	place->remote = parent != NULL && parent->remote;
	if (parent != NULL)
		memcpy(place->parent_span_id, parent->at.span_id, GENOPS_SPAN_ID_SIZE);
	else
		memset(place->parent_span_id, 0, GENOPS_SPAN_ID_SIZE);
	place->trace_state = StateToWrite(place, parent, sampler);
}

void
TraceFindPlaceUnder(TracePlace *place, const GenopsTraceParent *parent, GenopsSlice trace_state)
{
	place->own = *parent;
	MakeId(place->own.span_id, GENOPS_SPAN_ID_SIZE);
	memcpy(place->parent_span_id, parent->span_id, GENOPS_SPAN_ID_SIZE);
	place->remote = false;
	place->trace_state = trace_state;
}

void
TraceNewSpanId(TracePlace *place)
{
	MakeId(place->own.span_id, GENOPS_SPAN_ID_SIZE);
}

uint32
TraceSpanFlags(const TracePlace *place)
{
	uint32 flags = place->own.flags | GENOPS_SPAN_FLAG_HAS_IS_REMOTE;

	return place->remote ? flags | GENOPS_SPAN_FLAG_IS_REMOTE : flags;
}
