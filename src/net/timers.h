/* The loop's timers: a binary heap by due time, safe from any thread. */
#ifndef US_NET_TIMERS_H
#define US_NET_TIMERS_H

#include "net/loop.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Timers {
	pthread_mutex_t lock;
	LoopTimer **heap;
	size_t n, cap;
	_Atomic int64_t first_due; /* changed under lock, read without it */
} Timers;

void timers_init(Timers *t);
void timers_free(Timers *t);
/* True when this timer is now the first to be due. */
bool timers_set(Timers *t, LoopTimer *timer, int64_t due_us);
void timers_cancel(Timers *t, LoopTimer *timer);
/* When the first is due; INT64_MAX when there is none. */
int64_t timers_next(Timers *t);
/* Takes out one that is due, or NULL. */
LoopTimer *timers_take_due(Timers *t, int64_t now_us);

#endif
