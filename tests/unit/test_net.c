/* The loop: timers in order, tasks from other threads, and leadership that passes on in the middle of a batch. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/sock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct Scene {
	Loop *loop;
	Io a, b;
	int a_peer, b_peer;
	atomic_int b_seen;
	atomic_bool a_done;
	pthread_t a_thread, b_thread;
	uint8_t *a_buf, *b_buf;
	char order[16];
	LoopTimer timers[3];
	LoopTask task;
} Scene;

static void on_timer(LoopTimer *t)
{
	Scene *s = t->owner;
	size_t n = strlen(s->order);
	s->order[n] = (char)('0' + (t - s->timers));
	if (n == 1)
		loop_stop(s->loop);
}

static void timers_fire_in_order(void **state)
{
	Scene s = { 0 };
	Error err;
	assert_int_equal(loop_new(&s.loop, &err), 0);
	int64_t now = clock_mono_us();
	for (int i = 0; i < 3; i++)
		s.timers[i] = (LoopTimer){ .fn = on_timer, .owner = &s };
	loop_timer_set(s.loop, &s.timers[0], now + 6000);
	loop_timer_set(s.loop, &s.timers[1], now + 3000);
	loop_timer_set(s.loop, &s.timers[2], now + 1000);
	loop_timer_cancel(s.loop, &s.timers[1]);
	loop_run(s.loop);
	assert_string_equal(s.order, "20");
	loop_free(s.loop);
}

static void on_task(LoopTask *t)
{
	Scene *s = t->owner;
	assert_true(loop_leading(s->loop));
	loop_stop(s->loop);
}

static void *post_later(void *arg)
{
	Scene *s = arg;
	usleep(2000);
	s->task = (LoopTask){ .fn = on_task, .owner = s };
	loop_post(s->loop, &s->task);
	return NULL;
}

static void tasks_come_from_other_threads(void **state)
{
	Scene s = { 0 };
	Error err;
	pthread_t t;
	assert_int_equal(loop_new(&s.loop, &err), 0);
	pthread_create(&t, NULL, post_later, &s);
	loop_run(s.loop);
	pthread_join(t, NULL);
	loop_free(s.loop);
}

/* Takes long: promotes, then waits until the other socket's event, of the same batch, has been handled by somebody else. */
static void on_a(Io *io, uint32_t events)
{
	Scene *s = io->owner;
	Io *ios[] = { io };
	char c;
	s->a_buf = loop_rbuf(s->loop);
	loop_promote(s->loop, ios, 1);
	assert_false(loop_leading(s->loop));
	assert_false(io->attached);
	for (int i = 0; i < 2000 && !atomic_load(&s->b_seen); i++)
		usleep(1000);
	assert_int_equal(atomic_load(&s->b_seen), 1);
	assert_ptr_equal(s->a_buf, loop_rbuf(s->loop));
	assert_int_equal(sock_recv(io->fd, &c, 1), 1);
	s->a_thread = pthread_self();
	atomic_store(&s->a_done, true);
	loop_resume(s->loop, ios, 1);
	loop_stop(s->loop);
}

static void on_b(Io *io, uint32_t events)
{
	Scene *s = io->owner;
	char c;
	assert_true(loop_leading(s->loop));
	if (sock_recv(io->fd, &c, 1) != 1)
		return;
	s->b_thread = pthread_self();
	s->b_buf = loop_rbuf(s->loop);
	atomic_fetch_add(&s->b_seen, 1);
}

static void promotion_passes_the_batch_on(void **state)
{
	Scene s = { 0 };
	Error err;
	int a[2], b[2];
	assert_int_equal(loop_new(&s.loop, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
	s.a = (Io){ .fd = a[0], .events = EPOLLIN, .handler = on_a, .owner = &s };
	s.b = (Io){ .fd = b[0], .events = EPOLLIN, .handler = on_b, .owner = &s };
	assert_int_equal(loop_add(s.loop, &s.a, &err), 0);
	assert_int_equal(loop_add(s.loop, &s.b, &err), 0);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "y", 1), 1);
	loop_run(s.loop);
	assert_true(atomic_load(&s.a_done));
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	loop_free(s.loop);
}

enum { POSTERS = 3, POSTS = 3000 };

typedef struct Poster {
	Loop *loop;
	LoopTask task;
	LoopTimer timer;
	atomic_bool ran;
	int left;
} Poster;

static atomic_int posters_left;

static void on_counted(LoopTask *t)
{
	Poster *p = t->owner;
	loop_expect(p->loop);
	atomic_store(&p->ran, true);
}

static void on_counted_timer(LoopTimer *t)
{
	on_counted(&((Poster *)t->owner)->task);
}

/* Each waits until its task has run, so that the loop falls asleep in between, or is just about to. */
static void *post_many(void *arg)
{
	Poster *p = arg;
	for (; p->left; p->left--) {
		atomic_store(&p->ran, false);
		if (p->left % 2)
			loop_post(p->loop, &p->task);
		else
			loop_timer_set(p->loop, &p->timer, clock_mono_us());
		for (int spins = 0; !atomic_load(&p->ran); spins++)
			if (spins > 1000)
				usleep(20);
	}
	if (atomic_fetch_sub(&posters_left, 1) == 1)
		loop_stop(p->loop);
	return NULL;
}

static void nothing_posted_is_slept_over(void **state)
{
	Poster p[POSTERS] = { 0 };
	pthread_t t[POSTERS];
	Loop *loop;
	Error err;
	assert_int_equal(loop_new(&loop, &err), 0);
	atomic_store(&posters_left, POSTERS);
	for (int i = 0; i < POSTERS; i++) {
		p[i].loop = loop;
		p[i].left = POSTS;
		p[i].task = (LoopTask){ .fn = on_counted, .owner = &p[i] };
		p[i].timer = (LoopTimer){ .fn = on_counted_timer, .owner = &p[i] };
		pthread_create(&t[i], NULL, post_many, &p[i]);
	}
	loop_run(loop);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(t[i], NULL);
	loop_free(loop);
}

/* a speaks eight times, b once in between. */
static void on_turn(Io *io, uint32_t events)
{
	Scene *s = io->owner;
	char c;
	assert_int_equal(sock_recv(io->fd, &c, 1), 1);
	bool alone = loop_alone(s->loop, io);
	size_t n = strlen(s->order);
	s->order[n] = alone ? 'y' : 'n';
	if (n == 12)
		loop_stop(s->loop);
	else
		assert_int_equal(write(n == 6 ? s->b_peer : s->a_peer, "x", 1), 1);
}

static void alone_means_nobody_else(void **state)
{
	Scene s = { 0 };
	Error err;
	int a[2], b[2];
	assert_int_equal(loop_new(&s.loop, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
	s.a = (Io){ .fd = a[0], .events = EPOLLIN, .handler = on_turn, .owner = &s };
	s.b = (Io){ .fd = b[0], .events = EPOLLIN, .handler = on_turn, .owner = &s };
	s.a_peer = a[1];
	s.b_peer = b[1];
	assert_int_equal(loop_add(s.loop, &s.a, &err), 0);
	assert_int_equal(loop_add(s.loop, &s.b, &err), 0);
	assert_int_equal(write(a[1], "x", 1), 1);
	loop_run(s.loop);
	assert_string_equal(s.order, "nnnnyyynnnnny");
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	loop_free(s.loop);
}

static void listening(void **state)
{
	Error err;
	char dir[] = "/tmp/us-net-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/.s.PGSQL.1", dir);
	int fd = sock_listen_unix(path, &err);
	assert_true(fd >= 0);
	assert_int_equal(sock_listen_unix(path, &err), -1);
	assert_non_null(strstr(err.message, "another server uses it"));
	close(fd);
	/* The file is left behind, nobody listens: it is replaced. */
	fd = sock_listen_unix(path, &err);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order),		 cmocka_unit_test(tasks_come_from_other_threads),
		cmocka_unit_test(promotion_passes_the_batch_on), cmocka_unit_test(nothing_posted_is_slept_over),
		cmocka_unit_test(alone_means_nobody_else),	 cmocka_unit_test(listening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
