/* SPDX-License-Identifier: PostgreSQL */
/*
 * Named points at which a test stops, disturbs or ends a process.
 *
 * Only test/module, which is built from this room's files for the tests, has
 * something happen there; in the extension a point is nothing.
 */
#ifndef GENOPS_SHARED_TEST_POINT_H
#define GENOPS_SHARED_TEST_POINT_H

#ifdef GENOPS_TEST_POINTS
extern void TestPointReached(const char *name);
#define TEST_POINT(name) TestPointReached(name)
#else
#define TEST_POINT(name) ((void) 0)
#endif

#endif
