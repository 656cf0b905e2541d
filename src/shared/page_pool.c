/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pool of pages of the ring.
 *
 * Pages are made when the server starts.  A queue takes one when its last is full and
 * gives them back as its records are stored.  No queue may have the last eighth of
 * the pool: a database whose worker is stuck leaves the others room.
 */
#include "postgres.h"

#include "shared/private.h"

uint32
PoolShare(void)
{
	return ring_shared->page_count - ring_shared->page_count / 8;
}

uint32
PoolTake(RingQueue *queue)
{
	uint32 page = RING_NO_PAGE;

	RingLock(ring_shared->pool_lock, LW_EXCLUSIVE);
	if (queue->page_count < PoolShare())
		page = ring_shared->free_page;
	if (page != RING_NO_PAGE)
	{
		ring_shared->free_page = RingPageAt(page)->next;
		ring_shared->free_count--;
		queue->page_count++;
	}
	RingUnlock(ring_shared->pool_lock);

	if (page != RING_NO_PAGE)
	{
		RingPageAt(page)->next = RING_NO_PAGE;
		RingPageAt(page)->used = 0;
	}
	return page;
}

void
PoolGiveBack(RingQueue *queue, uint32 first, uint32 last, uint32 count)
{
	RingLock(ring_shared->pool_lock, LW_EXCLUSIVE);
	RingPageAt(last)->next = ring_shared->free_page;
	ring_shared->free_page = first;
	ring_shared->free_count += count;
	queue->page_count -= count;
	RingUnlock(ring_shared->pool_lock);
}
