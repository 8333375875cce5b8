/* Listening, and the table of sessions. */
#include "session/internal.h"

#include "program/program.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static Str pid_key(const uint64_t *pid)
{
	return map_u64_key(pid);
}

void server_register(Session *s)
{
	Server *sv = s->server;
	pthread_mutex_lock(&sv->lock);
	s->pid = ++sv->next_pid;
	uint64_t pid = s->pid;
	map_put(&sv->by_pid, pid_key(&pid), s);
	pthread_mutex_unlock(&sv->lock);
}

void server_unregister(Session *s)
{
	Server *sv = s->server;
	uint64_t pid = s->pid;
	pthread_mutex_lock(&sv->lock);
	if (s->pid)
		map_remove(&sv->by_pid, pid_key(&pid));
	list_remove(&sv->sessions, &s->node);
	pthread_mutex_unlock(&sv->lock);
}

void server_cancel(Server *sv, uint32_t pid, uint32_t key)
{
	uint64_t k = pid;
	pthread_mutex_lock(&sv->lock);
	Session *s = map_get(&sv->by_pid, pid_key(&k));
	if (s && s->key == key && !(sv->relay && sv->relay->cancel && sv->relay->cancel(s))) {
		atomic_store(&s->txn.cancel, true);
		/* One that waits for the write connection runs no SQLite code that would see the flag. */
		if (s->txn.db)
			database_cancel_wait(&s->txn);
	}
	pthread_mutex_unlock(&sv->lock);
}

static void refuse_client(int fd, const char *sqlstate, const char *message)
{
	Error err;
	Buf out = { 0 };
	err_set(&err, sqlstate, "%s", message);
	wire_put_error(&out, &err, "FATAL");
	sock_send(fd, out.data, out.len);
	buf_free(&out);
	close(fd);
}

static void on_accept(Io *io, uint32_t events)
{
	Server *sv = io->owner;
	SockPeer peer;
	int fd = sock_accept(io->fd, &peer);
	if (fd < 0)
		return;
	if (sv->sessions.count >= (size_t)sv->opt.max_client_conn) {
		refuse_client(fd, "53300", "sorry, too many clients already");
		return;
	}
	Session *s = mem_alloc(sizeof *s);
	s->server = sv;
	s->peer = peer;
	pthread_mutex_init(&s->activity.lock, NULL);
	s->activity.state = 'I';
	s->io = (Io){ .fd = fd, .events = EPOLLIN, .handler = session_on_io, .owner = s };
	pthread_mutex_lock(&sv->lock);
	list_append(&sv->sessions, &s->node);
	pthread_mutex_unlock(&sv->lock);
	Error err;
	if (loop_add(sv->loop, &s->io, &err) != 0) {
		log_warn("%s", err.message);
		session_free(s);
	}
}

static int listen_tcp(Server *sv, Error *err)
{
	if (!sv->opt.listen_addr || !*sv->opt.listen_addr)
		return 0;
	int fd = sock_listen_tcp(sv->opt.listen_addr, sv->opt.listen_port, err);
	if (fd < 0)
		return -1;
	sv->listen_tcp = (Io){ .fd = fd, .events = EPOLLIN, .handler = on_accept, .owner = sv };
	return loop_add(sv->loop, &sv->listen_tcp, err);
}

static int listen_unix(Server *sv, Error *err)
{
	if (!sv->opt.unix_socket_dir || !*sv->opt.unix_socket_dir)
		return 0;
	char *path = mem_printf("%s/.s.PGSQL.%d", sv->opt.unix_socket_dir, sv->opt.listen_port);
	int fd = sock_listen_unix(path, err);
	if (fd < 0) {
		free(path);
		return -1;
	}
	sv->unix_path = path;
	sv->listen_unix = (Io){ .fd = fd, .events = EPOLLIN, .handler = on_accept, .owner = sv };
	return loop_add(sv->loop, &sv->listen_unix, err);
}

/* The database that always exists, unless it comes from the primary. */
static int open_postgres(Server *sv, Error *err)
{
	const char *primary = sv->opt.primary_database;
	if (primary)
		dbset_reserve(sv->dbs, primary);
	if (primary && streq(primary, "postgres"))
		return 0;
	return dbset_get(sv->dbs, "postgres", true, err) ? 0 : -1;
}

int server_open(const ServerOptions *opt, Loop *loop, Server **out, Error *err)
{
	Server *sv = mem_alloc(sizeof *sv);
	sv->opt = *opt;
	sv->loop = loop;
	sv->next_pid = (uint32_t)getpid();
	sv->listen_tcp.fd = sv->listen_unix.fd = -1;
	list_init(&sv->sessions);
	list_init(&sv->listeners);
	pthread_mutex_init(&sv->lock, NULL);
	program_install();
	if (dbset_open(opt->data_dir, loop, &sv->dbs, err) != 0 || open_postgres(sv, err) != 0 || listen_tcp(sv, err) != 0 ||
	    listen_unix(sv, err) != 0) {
		server_close(sv);
		return -1;
	}
	*out = sv;
	return 0;
}

static void close_listener(Server *sv, Io *io)
{
	if (io->fd < 0)
		return;
	loop_remove(sv->loop, io);
	close(io->fd);
	io->fd = -1;
}

void server_end_sessions(Server *sv)
{
	close_listener(sv, &sv->listen_tcp);
	close_listener(sv, &sv->listen_unix);
	if (sv->unix_path)
		unlink(sv->unix_path);
	free(sv->unix_path);
	sv->unix_path = NULL;
	for (ListNode *n; (n = list_first(&sv->sessions));) {
		Session *s = list_item(n, Session, node);
		/* An answer that waits for its sync is dropped: the client learns that the connection ended, not that it committed. */
		if (s->park != PARK_SYNC && s->state != SESSION_STARTUP) {
			session_fatal(s, "57P01", "terminating connection due to administrator command");
			session_flush(s);
		}
		session_free(s);
	}
}

void server_close(Server *sv)
{
	server_end_sessions(sv);
	dbset_close(sv->dbs);
	map_free(&sv->by_pid);
	free(sv);
}
