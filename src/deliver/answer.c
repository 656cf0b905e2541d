/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that reads answers.
 *
 * It needs no transaction, and no lock: whatever else fails, answers are read.
 */
#include "postgres.h"

#include "deliver/request.h"
#include "deliver/step.h"

static void
RunAnswer(const Turn *turn)
{
	(void) turn;
	RequestsGoOn();
}

static long
AnswerDue(const Turn *turn)
{
	(void) turn;
	return RequestsWait();
}

Step answer_step = {
	.name = "read answers",
	.run = RunAnswer,
	.due = AnswerDue,
};
