/* Inside failover: one client's crossing between the sides. */
#ifndef US_SESSION_FAILOVER_INTERNAL_H
#define US_SESSION_FAILOVER_INTERNAL_H

#include "session/failover.h"

typedef struct Cross Cross;

struct Failover {
	FailoverConfig cfg;
	Server *server;
	List crosses;	  /* leading thread only */
	LoopTask changed; /* the route has changed: posted by its listener */
	atomic_bool changed_posted, leave, cut;
	LoopTimer timer; /* looks again while a fence waits, or logins are queued */
	atomic_ullong logins, switched, aborted, in_doubt, retried;
};

struct Cross {
	ListNode node; /* in f->crosses */
	Failover *f;
	Session *s;   /* NULL when it ended while a login was under way */
	PgLink *link; /* NULL unless attached */
	Io io;	      /* the link's socket */
	uint32_t gen;
	StmtTable stmts;
	Settings settings;
	char **params; /* of the startup packet; name and value alternating */
	size_t nparams;
	bool counted; /* route_enter has counted us on `side` */
	RouteGo side;
	bool choked;					 /* the client must read before more of the server's bytes are taken */
	bool stuffed;					 /* the server must read before more of the client's bytes are taken */
	void (*client_handler)(Io *io, uint32_t events); /* the session's own, behind ours */
	bool undelivered; /* nothing was outstanding, and what the client sent then did not reach the server */
	bool waiting;	  /* parked for the route, or for a free login */
	bool welcomed;
	bool sqlite_ready; /* statements and settings are known there */
	/* A transaction that was lost: everything fails until it is ended. */
	bool aborted, told;
	bool ending;	  /* its end was answered in an extended group whose Sync is still to come */
	bool skip;	  /* answer nothing until Sync */
	StmtKind portal;  /* what the unnamed portal would run while aborted */
	char told_source; /* 'p' or 's': understudy.source as the client knows it */
	/* A login under way: these belong to its thread until `login_task` runs. */
	bool logging_in;
	char *user; /* copies for the login's thread */
	uint64_t pid;
	PgLink *new_link;
	Error login_error;
	char *login_settings;
	LoopTask login_task;
};

/* failover_login.c */
void cross_login_begin(Cross *x);
void cross_welcome_primary(Cross *x);
/* failover_loss.c */
void cross_lost(Cross *x, const char *sqlstate, const char *why);
/* True when nothing that the session does on the primary can have become lasting, so that it need not wait for its answer. */
bool cross_may_forgo(const Cross *x);
bool cross_aborted_message(Cross *x, const WireFrame *f);
void cross_refuse(Cross *x, const WireFrame *f);
/* failover_relay.c */
void cross_link_ready(Io *io, uint32_t events);
ssize_t cross_client_bytes(Session *s, const uint8_t *p, size_t n);
void cross_detach(Cross *x);
void cross_client_ready(Io *io, uint32_t events);
/* failover.c */
void cross_count(Cross *x, RouteGo side);
void cross_uncount(Cross *x);
void cross_park(Cross *x);
void cross_free(Cross *x);
void cross_tell_source(Cross *x, char source);
extern const RelayHooks cross_hooks;

/* readonly.c: true when running the text again can do no harm and answers the same question: plain reads without locks and without
 * functions that are not known to be free of effects. */
bool sql_text_is_read_only(Str text);

#endif
