#include "net/timers.h"

#include "base/mem.h"

#include <assert.h>

void timers_init(Timers *t)
{
	*t = (Timers){ 0 };
	pthread_mutex_init(&t->lock, NULL);
	atomic_init(&t->first_due, INT64_MAX);
}

void timers_free(Timers *t)
{
	free(t->heap);
	pthread_mutex_destroy(&t->lock);
}

static void place(Timers *t, size_t i, LoopTimer *timer)
{
	t->heap[i] = timer;
	timer->slot = i + 1;
}

static void sift_up(Timers *t, size_t i)
{
	LoopTimer *timer = t->heap[i];
	while (i > 0 && t->heap[(i - 1) / 2]->due_us > timer->due_us) {
		place(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(t, i, timer);
}

static void sift_down(Timers *t, size_t i)
{
	LoopTimer *timer = t->heap[i];
	for (size_t child; (child = 2 * i + 1) < t->n; i = child) {
		if (child + 1 < t->n && t->heap[child + 1]->due_us < t->heap[child]->due_us)
			child++;
		if (t->heap[child]->due_us >= timer->due_us)
			break;
		place(t, i, t->heap[child]);
	}
	place(t, i, timer);
}

/* Under lock, after every change. */
static void note_first(Timers *t)
{
	atomic_store(&t->first_due, t->n ? t->heap[0]->due_us : INT64_MAX);
}

/* Under lock. */
static void take_out(Timers *t, LoopTimer *timer)
{
	size_t i = timer->slot - 1;
	assert(t->heap[i] == timer);
	timer->slot = 0;
	LoopTimer *last = t->heap[--t->n];
	if (last == timer)
		return;
	place(t, i, last);
	sift_up(t, i);
	sift_down(t, last->slot - 1);
}

bool timers_set(Timers *t, LoopTimer *timer, int64_t due_us)
{
	pthread_mutex_lock(&t->lock);
	if (timer->slot)
		take_out(t, timer);
	timer->due_us = due_us;
	t->heap = mem_grow(t->heap, &t->cap, t->n + 1, sizeof *t->heap);
	place(t, t->n++, timer);
	sift_up(t, t->n - 1);
	bool first = timer->slot == 1;
	note_first(t);
	pthread_mutex_unlock(&t->lock);
	return first;
}

void timers_cancel(Timers *t, LoopTimer *timer)
{
	pthread_mutex_lock(&t->lock);
	if (timer->slot)
		take_out(t, timer);
	note_first(t);
	pthread_mutex_unlock(&t->lock);
}

int64_t timers_next(Timers *t)
{
	return atomic_load(&t->first_due);
}

LoopTimer *timers_take_due(Timers *t, int64_t now_us)
{
	pthread_mutex_lock(&t->lock);
	LoopTimer *first = t->n && t->heap[0]->due_us <= now_us ? t->heap[0] : NULL;
	if (first) {
		take_out(t, first);
		note_first(t);
	}
	pthread_mutex_unlock(&t->lock);
	return first;
}
