/*
 * The event loop and its leadership (docs/architecture.md, "Threads").
 *
 * One thread at a time leads: it waits in epoll and calls the handlers of what is ready. A handler that is about to take long calls
 * loop_promote: a spare thread goes on with the rest of the batch at once, while the caller finishes its own
 * session's work alone and becomes a spare when its handler returns.
 *
 * Rules for handlers
 * - What belongs to a session is touched only by the thread that holds it: the leader while a handler of one of its Ios runs, or the
 *   thread that promoted in such a handler, until loop_resume.
 * - loop_resume and loop_post give a session away. Nothing of it may be touched by the caller afterwards.
 * - An Io detached by loop_promote or loop_detach raises no events, not even for a closed peer.
 */
#ifndef US_NET_LOOP_H
#define US_NET_LOOP_H

#include "base/err.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { LOOP_RBUF_SIZE = 64 * 1024 };

typedef struct Loop Loop;
typedef struct Io Io;

/* A file descriptor in the loop. The owner allocates it, usually inside its session, and closes the fd. */
struct Io {
	int fd;
	uint32_t events; /* wanted: EPOLLIN, EPOLLOUT; set through loop_want */
	bool attached;	 /* known to epoll */
	bool added;
	void (*handler)(Io *io, uint32_t events);
	void *owner;
};

/* Work handed to the loop from another thread. The owner allocates it; it may be posted again once its function runs. */
typedef struct LoopTask LoopTask;
struct LoopTask {
	ListNode node;
	void (*fn)(LoopTask *task);
	void *owner;
};

typedef struct LoopTimer LoopTimer;
struct LoopTimer {
	int64_t due_us; /* clock_mono_us */
	size_t slot;	/* place in the heap + 1; 0 = not set */
	void (*fn)(LoopTimer *timer);
	void *owner;
};

/* Every thread of the loop has one receive buffer; a thread that promoted keeps its own until its handler returns. */

int loop_new(Loop **out, Error *err);
/* Leads on the calling thread until loop_stop; then waits until every handler running elsewhere has returned. */
void loop_run(Loop *loop);
/* From any thread, and from a signal handler. */
void loop_stop(Loop *loop);
/* True once loop_stop was called: handlers that run long give up. From any thread. */
bool loop_stopping(const Loop *loop);
void loop_free(Loop *loop);

/* From the leading thread, or before loop_run. */
int loop_add(Loop *loop, Io *io, Error *err);	     /* with io->events */
void loop_remove(Loop *loop, Io *io);		     /* before the fd is closed; also from a thread that holds a detached Io */
void loop_want(Loop *loop, Io *io, uint32_t events); /* no system call when nothing changes, or while detached */
/* Stops events of an Io; loop_resume (or loop_attach) starts them again. Level-triggered: nothing is lost. */
void loop_detach(Loop *loop, Io *io);
void loop_attach(Loop *loop, Io *io);

/* A client was just answered that is likely to speak again at once. The leader then looks for its message a little before it sleeps,
 * because being woken takes longer than most statements. Nothing happens off the leading thread. */
void loop_expect(Loop *loop);
/* True when this Io alone has had events lately and nothing else waits for the leader: nobody minds if its handler does for a moment what
 * it would otherwise hand to another thread. */
bool loop_alone(Loop *loop, const Io *io);

/* True on the thread that leads. */
bool loop_leading(const Loop *loop);
/* Gives leadership to a spare thread and detaches `ios`. Nothing happens when the caller does not lead. */
void loop_promote(Loop *loop, Io *const *ios, size_t n);
/* Attaches again what is detached. The last thing a thread does with a session. */
void loop_resume(Loop *loop, Io *const *ios, size_t n);

/* Runs task->fn on the leading thread soon. From any thread. */
void loop_post(Loop *loop, LoopTask *task);

/* From any thread; fn runs on the leading thread. A timer already set is moved. loop_timer_cancel off the leading thread does not
 * stop one that is just being called. */
void loop_timer_set(Loop *loop, LoopTimer *timer, int64_t due_us);
void loop_timer_cancel(Loop *loop, LoopTimer *timer);

/* Monotonic microseconds. */
int64_t loop_now_us(const Loop *loop);
/* The calling thread's receive buffer of LOOP_RBUF_SIZE bytes; its contents last until the handler returns. */
uint8_t *loop_rbuf(Loop *loop);

#endif
