/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a reply comes from.
 *
 *		genops_observe(genops_begin(...), reply)
 *
 * times the call only if the reply is made after the beginning.  Much of what people write there
 * is made before: by the planner, which calls a function that is declared IMMUTABLE; by an earlier
 * statement, whose result lies in a variable or a parameter; by another node of the plan.  Then
 * the time between beginning and end is no call's, and, worse, one reply may be observed many
 * times.
 *
 * The planner asks ObserveSupport about each call of genops_observe that it meets, after it has
 * simplified the arguments and before it has planned subqueries.  That is the moment to look: a
 * reply that the planner made is a constant by now, and one that was written as a constant has a
 * place in the text of the statement; a subquery is still a query that can be looked into.  Where
 * the reply is not made each time between beginning and end, the call is replaced by that of an
 * internal twin with a mark:
 *
 * - a reply that was made elsewhere has MARK_UNTIMED;
 * - a subquery that depends on nothing outside runs once in an execution of the plan, and its first
 *	 evaluation is timed.  MARK_ONCE: what comes after in the same execution is the same reply
 *	 again, and charges nothing;
 * - for a reply that the planner made, the mark is a number that is drawn anew each time: the
 *	 model was called once for this plan.  However often it is executed, and a generic plan is
 *	 often, one of its calls is charged.
 *
 * Otherwise a beginning that stands in the argument itself becomes its parallel safe twin.
 * genops_begin is restricted to the leader, for its handle means nothing in another process; but
 * one whose call ends in the same expression ends in the same process.
 *
 * What counts as making a reply is a function that could call a model: one of somebody's own, or
 * a volatile one.  What the server brings along (-> and ->>, casts, ||) only takes apart a
 * reply that is there.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "record/observed.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#define MARK_UNTIMED INT64CONST(0)
#define MARK_ONCE INT64CONST(-1)

/* Marks that were charged: as many plans are remembered. */
#define SEEN_MARKS 256

PG_FUNCTION_INFO_V1(genops_observe_support);

static int64 seen_marks[SEEN_MARKS];

/*
 * Looking
 */

/* Whether it may call a model: not a cast, an operator or a function of the server's own that only
 * takes a reply apart. */
static bool
MakesReply(const FuncExpr *call)
{
	if (call->funcformat == COERCE_EXPLICIT_CAST || call->funcformat == COERCE_IMPLICIT_CAST)
		return false;
	return call->funcid >= FirstNormalObjectId ||
	       func_volatile(call->funcid) == PROVOLATILE_VOLATILE;
}

/* In a subquery, which as a whole is evaluated after the beginning. */
static bool
HasReplyMakerWithin(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && MakesReply((FuncExpr *) node))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, HasReplyMakerWithin, context, 0);
	return expression_tree_walker(node, HasReplyMakerWithin, context);
}

/* In the expression itself.  Sets, aggregates and window functions are made by nodes of their own,
 * before the beginning.  "in_subqueries" is NULL, or has us look into subqueries as well. */
static bool
HasReplyMaker(Node *node, void *in_subqueries)
{
	if (node == NULL || IsA(node, Aggref) || IsA(node, WindowFunc))
		return false;
	if (IsA(node, FuncExpr) && !((FuncExpr *) node)->funcretset && MakesReply((FuncExpr *) node))
		return true;
	if (IsA(node, SubLink))
		return HasReplyMaker(((SubLink *) node)->testexpr, in_subqueries) ||
		       (in_subqueries != NULL &&
		        HasReplyMakerWithin(((SubLink *) node)->subselect, NULL));
	return expression_tree_walker(node, HasReplyMaker, in_subqueries);
}

/* Whether a subquery that depends on what is outside of it, and so runs each time, makes the
 * reply. */
static bool
HasCorrelatedReplyMaker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		return contain_vars_of_level(node, 0) &&
		       HasReplyMakerWithin(((SubLink *) node)->subselect, NULL);
	return expression_tree_walker(node, HasCorrelatedReplyMaker, context);
}

/* One that was written has a place in the text. */
static bool
IsMadeByPlanner(Node *node)
{
	return IsA(node, Const) && !((Const *) node)->constisnull && ((Const *) node)->location < 0;
}

/* A handle that a variable holds, or a parameter: the call was begun by an earlier statement. */
static bool
IsBegunEarlier(Node *call)
{
	return IsA(call, Param) || (IsA(call, Const) && !((Const *) call)->constisnull);
}

/* Never one of the others. */
static int64
DrawMark(void)
{
	return (int64) (pg_prng_uint64(&pg_global_prng_state) >> 1) | 1;
}

/* False: the reply is made each time between beginning and end. */
static bool
FindMark(Node *call, Node *reply, int64 *mark)
{
	if (HasReplyMaker(reply, NULL) || HasCorrelatedReplyMaker(reply, NULL))
		return false;
	if (HasReplyMaker(reply, reply))
		*mark = MARK_ONCE;
	else if (IsBegunEarlier(call))
		return false;
	else if (IsMadeByPlanner(reply))
		*mark = DrawMark();
	else
		*mark = MARK_UNTIMED;
	return true;
}

/*
 * Replacing
 */
static Oid
InternalFunction(const char *name, int argument_count, const Oid *arguments)
{
	Oid schema = get_namespace_oid("genops_internal", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	                       PointerGetDatum(buildoidvector(arguments, argument_count)),
	                       ObjectIdGetDatum(schema));
}

/* The twin that works in any process; the call as it is if there is none. */
static Node *
TwinOfBegin(Node *call, Oid observe)
{
	FuncExpr *begin = (FuncExpr *) call;
	const char *name = IsA(call, FuncExpr) ? get_func_name(begin->funcid) : NULL;
	FuncExpr *twin;
	Oid function;
	Oid *types;
	int count;

	if (name == NULL || strcmp(name, "genops_begin") != 0 ||
	    get_func_namespace(begin->funcid) != get_func_namespace(observe) ||
	    func_parallel(begin->funcid) != PROPARALLEL_RESTRICTED)
		return call;
	(void) get_func_signature(begin->funcid, &types, &count);
	function = InternalFunction("begin", count, types);
	if (!OidIsValid(function))
		return call;
	twin = copyObject(begin);
	twin->funcid = function;
	return (Node *) twin;
}

static Node *
Marked(const FuncExpr *observe, Node *call, Node *reply, int64 mark)
{
	static const Oid types[] = { TEXTOID, ANYELEMENTOID, INT8OID };
	Oid function = InternalFunction("observe", lengthof(types), types);
	Const *constant;
	FuncExpr *marked;

	if (!OidIsValid(function))
		return NULL;
	constant = makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(mark), false,
	                     FLOAT8PASSBYVAL);
	marked = (FuncExpr *) copyObjectImpl(observe);
	marked->funcid = function;
	marked->args = list_make3(call, reply, constant);
	return (Node *) marked;
}

Datum
genops_observe_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	Node *call;
	Node *reply;
	Node *twin;
	FuncExpr *observe;
	int64 mark;

	if (!IsA(request, SupportRequestSimplify) || list_length(request->fcall->args) != 2)
		PG_RETURN_POINTER(NULL);
	call = linitial(request->fcall->args);
	reply = lsecond(request->fcall->args);
	twin = TwinOfBegin(call, request->fcall->funcid);
	if (FindMark(call, reply, &mark))
		PG_RETURN_POINTER(Marked(request->fcall, twin, reply, mark));
	if (twin == call)
		PG_RETURN_POINTER(NULL);
	observe = copyObject(request->fcall);
	observe->args = list_make2(twin, reply);
	PG_RETURN_POINTER(observe);
}

/*
 * At the time of the call
 */
static void
WarnOfTiming(void)
{
	static bool warned = false;

	if (warned)
		return;
	warned = true;
	ereport(
	    WARNING,
	    (errcode(ERRCODE_WARNING),
	     errmsg("the reply was made before the call was begun, so that the call cannot be timed"),
	     errdetail("A function that is declared IMMUTABLE runs when the statement is planned, "
	               "once for many calls; a variable or a column holds a reply that is there."),
	     errhint("Write (SELECT genops_observe(genops_begin(...), f(...))): it calls the model once "
	             "in a statement and keeps an index usable. To have the call timed, f must not be "
	             "IMMUTABLE; but ALTER FUNCTION ... VOLATILE makes every use of f outside of such a "
	             "subquery call the model for each row.")));
}

/* Whether the reply of this plan was charged.  Of the oldest plans it is forgotten. */
static bool
SeenBefore(int64 mark)
{
	int64 *seen = &seen_marks[mark % SEEN_MARKS];
	bool before = *seen == mark;

	*seen = mark;
	return before;
}

void
ObservedApply(int64 mark, bool again, CallOutcome *outcome)
{
	if (mark == MARK_ONCE)
	{
		outcome->repeated = outcome->untimed = again;
		return;
	}
	outcome->untimed = true;
	outcome->repeated = mark > 0 && SeenBefore(mark);
	WarnOfTiming();
}
