#include "net/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sysio.h"
#include "net/timers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 128, MAX_THREADS = 128, MAX_WAIT_MS = 60 * 1000 };
/* Looking for the next message instead of sleeping: for how long, and how far to back off when it does not come */
enum { SPIN_US = 50, MISSES_MAX = 8 };
enum { ALONE_AFTER = 4 }; /* events in a row */

typedef struct Worker {
	Loop *loop;
	pthread_t thread;
	uint8_t *rbuf;
	struct Worker *next;
} Worker;

struct Loop {
	int ep, wake;
	pthread_mutex_t lock;
	pthread_cond_t vacant; /* leadership is free, or the loop stops */
	_Atomic(Worker *) leader;
	Worker *workers; /* threads this loop has made; under lock */
	int threads, spares;
	atomic_bool stop;
	atomic_bool sleeping; /* the leader must be woken for what other threads bring */
	/* Of the leader */
	struct epoll_event batch[BATCH];
	int batch_n, batch_at;
	bool expecting; /* loop_expect */
	bool may_spin;	/* there is another processor for those whom the leader waits for */
	int misses, passes;
	const Io *last;
	int in_a_row; /* events of `last` since another Io had one */
	/* Of everybody */
	pthread_mutex_t post_lock;
	List tasks;
	atomic_int ntasks;
	Timers timers;
};

static _Thread_local Worker *this_worker;

static int processors(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int loop_new(Loop **out, Error *err)
{
	Loop *l = mem_alloc(sizeof *l);
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->ep < 0 || l->wake < 0) {
		err_set(err, "53000", "cannot make an event loop: %s", strerror(errno));
		loop_free(l);
		return -1;
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->post_lock, NULL);
	pthread_cond_init(&l->vacant, NULL);
	list_init(&l->tasks);
	timers_init(&l->timers);
	l->may_spin = processors() > 1;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	epoll_ctl(l->ep, EPOLL_CTL_ADD, l->wake, &ev);
	*out = l;
	return 0;
}

void loop_free(Loop *l)
{
	if (!l)
		return;
	assert(!l->leader);
	if (l->ep >= 0)
		close(l->ep);
	if (l->wake >= 0)
		close(l->wake);
	timers_free(&l->timers);
	free(l);
}

static void wake(Loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* a full counter wakes just as well */
}

/* For a leader that sleeps. One that is awake looks at tasks and timers before it goes to sleep. */
static void rouse(Loop *l)
{
	if (atomic_exchange(&l->sleeping, false))
		wake(l);
}

void loop_stop(Loop *l)
{
	atomic_store(&l->stop, true);
	wake(l);
}

bool loop_stopping(const Loop *l)
{
	return atomic_load(&l->stop);
}

bool loop_leading(const Loop *l)
{
	return this_worker && atomic_load(&l->leader) == this_worker;
}

int64_t loop_now_us(const Loop *l)
{
	return clock_mono_us();
}

uint8_t *loop_rbuf(Loop *l)
{
	assert(this_worker && this_worker->loop == l);
	if (!this_worker->rbuf)
		this_worker->rbuf = mem_realloc(NULL, LOOP_RBUF_SIZE);
	return this_worker->rbuf;
}

/* Forgets events of this Io that wait in the leader's batch. */
static void forget_events(Loop *l, const Io *io)
{
	for (int i = l->batch_at; i < l->batch_n; i++)
		if (l->batch[i].data.ptr == io)
			l->batch[i].events = 0;
}

int loop_add(Loop *l, Io *io, Error *err)
{
	struct epoll_event ev = { .events = io->events, .data.ptr = io };
	if (epoll_ctl(l->ep, EPOLL_CTL_ADD, io->fd, &ev) != 0)
		return err_set(err, "53000", "cannot watch a socket: %s", strerror(errno));
	io->added = io->attached = true;
	return 0;
}

void loop_detach(Loop *l, Io *io)
{
	if (!io->attached)
		return;
	io->attached = false;
	epoll_ctl(l->ep, EPOLL_CTL_DEL, io->fd, NULL);
	forget_events(l, io);
}

void loop_remove(Loop *l, Io *io)
{
	loop_detach(l, io);
	io->added = false;
}

void loop_attach(Loop *l, Io *io)
{
	if (io->attached || !io->added)
		return;
	struct epoll_event ev = { .events = io->events, .data.ptr = io };
	io->attached = true;
	if (epoll_ctl(l->ep, EPOLL_CTL_ADD, io->fd, &ev) != 0)
		log_error("cannot watch a socket again: %s", strerror(errno));
}

void loop_want(Loop *l, Io *io, uint32_t events)
{
	if (io->events == events)
		return;
	io->events = events;
	if (!io->attached)
		return;
	struct epoll_event ev = { .events = events, .data.ptr = io };
	epoll_ctl(l->ep, EPOLL_CTL_MOD, io->fd, &ev);
}

static void *worker_main(void *arg);

/* Under lock. False when no thread can take over. */
static bool summon_spare(Loop *l)
{
	if (l->spares > 0) {
		pthread_cond_signal(&l->vacant);
		return true;
	}
	if (l->threads >= MAX_THREADS)
		return false;
	Worker *w = mem_alloc(sizeof *w);
	w->loop = l;
	w->next = l->workers;
	if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
		free(w);
		return false;
	}
	l->workers = w;
	l->threads++;
	return true;
}

void loop_promote(Loop *l, Io *const *ios, size_t n)
{
	if (!loop_leading(l))
		return;
	pthread_mutex_lock(&l->lock);
	if (!atomic_load(&l->stop) && summon_spare(l)) {
		for (size_t i = 0; i < n; i++)
			if (ios[i]->added)
				loop_detach(l, ios[i]);
		atomic_store(&l->leader, NULL);
	}
	pthread_mutex_unlock(&l->lock);
}

void loop_resume(Loop *l, Io *const *ios, size_t n)
{
	for (size_t i = 0; i < n; i++)
		loop_attach(l, ios[i]);
}

void loop_post(Loop *l, LoopTask *task)
{
	pthread_mutex_lock(&l->post_lock);
	list_append(&l->tasks, &task->node);
	pthread_mutex_unlock(&l->post_lock);
	atomic_fetch_add(&l->ntasks, 1);
	rouse(l);
}

void loop_timer_set(Loop *l, LoopTimer *timer, int64_t due_us)
{
	if (timers_set(&l->timers, timer, due_us))
		rouse(l);
}

void loop_timer_cancel(Loop *l, LoopTimer *timer)
{
	timers_cancel(&l->timers, timer);
}

static LoopTask *take_task(Loop *l)
{
	if (atomic_load(&l->ntasks) == 0)
		return NULL;
	pthread_mutex_lock(&l->post_lock);
	ListNode *n = list_pop(&l->tasks);
	if (n)
		atomic_fetch_sub(&l->ntasks, 1);
	pthread_mutex_unlock(&l->post_lock);
	return n ? list_item(n, LoopTask, node) : NULL;
}

static int wait_ms(Loop *l)
{
	if (atomic_load(&l->ntasks))
		return 0;
	int64_t due = timers_next(&l->timers);
	if (due == INT64_MAX)
		return -1; /* setting the first timer wakes the loop */
	int64_t ms = (due - clock_mono_us() + 999) / 1000;
	return ms < 0 ? 0 : ms > MAX_WAIT_MS ? MAX_WAIT_MS : (int)ms;
}

void loop_expect(Loop *l)
{
	if (loop_leading(l))
		l->expecting = true;
}

/* Looks for what is expected. When it does not come in time, the next 2, 6, 14 … times are passed over, so that a client that thinks
 * longer costs next to nothing. */
static int spin(Loop *l)
{
	if (l->passes > 0) {
		l->passes--;
		return 0;
	}
	int64_t until = clock_mono_us() + SPIN_US;
	int n;
	do
		n = sysio_epoll_wait(l->ep, l->batch, BATCH, 0);
	while (n == 0 && atomic_load(&l->ntasks) == 0 && clock_mono_us() < until);
	if (n != 0 || atomic_load(&l->ntasks)) {
		l->misses = 0;
	} else {
		l->misses = l->misses < MISSES_MAX ? l->misses + 1 : MISSES_MAX;
		l->passes = (1 << l->misses) - 2;
	}
	return n;
}

static int sleep_until_ready(Loop *l)
{
	/* First the flag, then the look at tasks and timers: who adds one does it the other way round. */
	atomic_store(&l->sleeping, true);
	int n = sysio_epoll_wait(l->ep, l->batch, BATCH, wait_ms(l));
	atomic_store(&l->sleeping, false);
	return n;
}

static void fill_batch(Loop *l)
{
	l->batch_at = l->batch_n = 0;
	int n = l->expecting && l->may_spin ? spin(l) : 0;
	l->expecting = false;
	if (n == 0)
		n = sleep_until_ready(l);
	l->batch_n = n > 0 ? n : 0;
}

bool loop_alone(Loop *l, const Io *io)
{
	if (!loop_leading(l) || l->last != io || l->in_a_row < ALONE_AFTER || l->batch_at < l->batch_n || atomic_load(&l->ntasks))
		return false;
	l->batch_at = l->batch_n = 0;
	int n = sysio_epoll_wait(l->ep, l->batch, BATCH, 0);
	l->batch_n = n > 0 ? n : 0;
	return n == 0;
}

static void drain_wake(Loop *l)
{
	uint64_t count;
	ssize_t n = read(l->wake, &count, sizeof count);
	(void)n;
}

/* Each of the three gives back false when the thread has lost leadership in a handler. */
static bool run_batch(Loop *l)
{
	while (l->batch_at < l->batch_n) {
		struct epoll_event ev = l->batch[l->batch_at++];
		Io *io = ev.data.ptr;
		if (!io) {
			drain_wake(l);
		} else if (ev.events) {
			l->in_a_row = io == l->last ? l->in_a_row + 1 : 0;
			l->last = io;
			io->handler(io, ev.events);
			if (!loop_leading(l))
				return false;
		}
	}
	return true;
}

static bool run_tasks(Loop *l)
{
	/* Only what is there now: a task that posts itself again must not starve the sockets. */
	for (int n = atomic_load(&l->ntasks); n > 0; n--) {
		LoopTask *t = take_task(l);
		if (!t)
			break;
		t->fn(t);
		if (!loop_leading(l))
			return false;
	}
	return true;
}

static bool run_timers(Loop *l)
{
	if (timers_next(&l->timers) == INT64_MAX)
		return true;
	int64_t now = clock_mono_us();
	for (LoopTimer *t; (t = timers_take_due(&l->timers, now));) {
		t->fn(t);
		if (!loop_leading(l))
			return false;
	}
	return true;
}

static void lead(Loop *l)
{
	while (!atomic_load(&l->stop)) {
		if (!run_batch(l) || !run_tasks(l) || !run_timers(l))
			return;
		fill_batch(l);
	}
	pthread_mutex_lock(&l->lock);
	atomic_store(&l->leader, NULL);
	pthread_cond_broadcast(&l->vacant);
	pthread_mutex_unlock(&l->lock);
}

static void serve_as(Worker *w)
{
	Loop *l = w->loop;
	this_worker = w;
	pthread_mutex_lock(&l->lock);
	while (!atomic_load(&l->stop)) {
		if (atomic_load(&l->leader)) {
			l->spares++;
			pthread_cond_wait(&l->vacant, &l->lock);
			l->spares--;
			continue;
		}
		atomic_store(&l->leader, w);
		pthread_mutex_unlock(&l->lock);
		lead(l);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	free(w->rbuf);
	w->rbuf = NULL;
	this_worker = NULL;
}

static void *worker_main(void *arg)
{
	serve_as(arg);
	return NULL;
}

void loop_run(Loop *l)
{
	Worker own = { .loop = l };
	serve_as(&own);
	/* A thread that promoted finishes its handler before it sees that the loop has stopped. */
	pthread_mutex_lock(&l->lock);
	Worker *w = l->workers;
	l->workers = NULL;
	pthread_mutex_unlock(&l->lock);
	while (w) {
		Worker *next = w->next;
		pthread_join(w->thread, NULL);
		free(w);
		w = next;
	}
}
