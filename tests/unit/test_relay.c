/* The relay's walker: injection and swallowing, with packets cut at every byte. */
#include "backend/relay.h"
#include "backend/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct Bench {
	Relay r;
	StmtTable stmts;
	Settings settings;
	Buf to_server, to_client;
	Redo *committed;
} Bench;

static void keep_commit(void *ctx, Redo *r)
{
	Bench *b = ctx;
	redo_free(b->committed);
	b->committed = r;
}

static const RelayHooks hooks = { .committed = keep_commit };

static void start(Bench *b)
{
	*b = (Bench){ 0 };
	relay_init(&b->r, 1, &b->stmts, &b->settings, &hooks, b);
}

static void stop(Bench *b)
{
	relay_free(&b->r);
	stmts_clear(&b->stmts);
	settings_clear(&b->settings);
	buf_free(&b->to_server);
	buf_free(&b->to_client);
	redo_free(b->committed);
}

static void into(RelayOut *o)
{
	Buf *b = o->ctx;
	for (int i = 0; i < o->n; i++)
		buf_put(b, o->v[i].iov_base, o->v[i].iov_len);
	o->n = 0;
	o->bytes = 0;
}

/* Feeds bytes in pieces cut at `cut`; 0 = byte by byte. */
static void feed(Bench *b, bool client, const Buf *m, size_t cut)
{
	RelayOut o = { .flush = into, .ctx = client ? &b->to_server : &b->to_client };
	Error err;
	for (size_t at = 0; at < m->len;) {
		size_t n = cut == 0 ? 1 : at == 0 && cut < m->len ? cut : m->len - at;
		uint8_t *copy = mem_alloc(n); /* so that a slice kept too long is found by the sanitizer */
		memcpy(copy, m->data + at, n);
		int rc = client ? relay_from_client(&b->r, copy, n, &o, &err) : relay_from_server(&b->r, copy, n, &o, &err);
		assert_int_equal(rc, 0);
		into(&o);
		free(copy);
		at += n;
	}
}

static void msg(Buf *b, char type, const void *body, size_t n)
{
	buf_put_u8(b, (uint8_t)type);
	buf_put_u32(b, (uint32_t)n + 4);
	buf_put(b, body, n);
}
#define MSG(b, type, lit) msg(b, type, lit, sizeof(lit) - 1)

static size_t count_of(const Buf *b, const char *what)
{
	size_t n = 0, len = strlen(what);
	for (size_t i = 0; i + len <= b->len; i++)
		n += memcmp(b->data + i, what, len) == 0;
	return n;
}

static void ready(Buf *b, char status)
{
	msg(b, 'Z', &status, 1);
}

/* BEGIN; INSERT; END by the simple protocol: the id is asked for before END and its answer taken out. */
static void commit_once(size_t cut)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	start(&b);
	MSG(&c, 'Q', "BEGIN\0");
	feed(&b, true, &c, cut);
	MSG(&s, 'C', "BEGIN\0");
	ready(&s, 'T');
	feed(&b, false, &s, cut);
	buf_clear(&c);
	buf_clear(&s);
	MSG(&c, 'Q', "INSERT INTO t VALUES (1)\0");
	feed(&b, true, &c, cut);
	assert_int_equal(relay_loss(&b.r), LOSS_STATEMENT);
	MSG(&s, 'C', "INSERT 0 1\0");
	ready(&s, 'T');
	feed(&b, false, &s, cut);
	assert_int_equal(relay_loss(&b.r), LOSS_TRANSACTION);
	buf_clear(&c);
	buf_clear(&s);
	buf_clear(&b.to_client);
	MSG(&c, 'Q', "END;\0");
	feed(&b, true, &c, cut);
	assert_int_equal(count_of(&b.to_server, "txid_current_if_assigned"), 1);
	assert_int_equal(relay_loss(&b.r), LOSS_COMMIT);
	MSG(&s, '1', "");
	MSG(&s, '2', "");
	MSG(&s, 'D', "\0\1\0\0\0\003742");
	MSG(&s, 'C', "SELECT 1\0");
	MSG(&s, 'C', "COMMIT\0");
	ready(&s, 'I');
	feed(&b, false, &s, cut);
	Buf want = { 0 };
	MSG(&want, 'C', "COMMIT\0");
	ready(&want, 'I');
	assert_int_equal(b.to_client.len, want.len);
	assert_memory_equal(b.to_client.data, want.data, want.len);
	assert_true(relay_idle(&b.r));
	assert_non_null(b.committed);
	assert_int_equal(b.committed->xid, 742);
	Arena *a = arena_new();
	RedoStmt *v;
	size_t n;
	Error err;
	assert_int_equal(redo_decode(b.committed, a, &v, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_true(str_is(v[1].text, "INSERT INTO t VALUES (1)"));
	arena_free(a);
	buf_free(&want);
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_commit_cut_anywhere(void **state)
{
	for (size_t cut = 0; cut < 60; cut++)
		commit_once(cut);
}

/* An autocommit write by the extended protocol, with a statement that this connection has not seen. */
static void write_once(size_t cut)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	uint32_t oid = 23;
	start(&b);
	stmts_put(&b.stmts, prep_make("P1", str_of("UPDATE t SET a = $1"), &oid, 1));
	MSG(&c, 'B', "\0P1\0\0\0\0\1\0\0\0\0015\0\0");
	MSG(&c, 'D', "P\0");
	MSG(&c, 'E', "\0\0\0\0\0");
	MSG(&c, 'S', "");
	feed(&b, true, &c, cut);
	assert_int_equal(count_of(&b.to_server, "UPDATE t SET a = $1"), 1);
	assert_int_equal(b.to_server.data[0], 'P');
	assert_int_equal(b.to_server.data[b.to_server.len - 5], 'S');
	assert_int_equal(relay_loss(&b.r), LOSS_AUTOCOMMIT);
	MSG(&s, '1', ""); /* ours */
	MSG(&s, '2', "");
	MSG(&s, 'n', "");
	MSG(&s, 'C', "UPDATE 3\0");
	MSG(&s, '1', ""); /* ours */
	MSG(&s, '2', ""); /* ours */
	MSG(&s, 'D', "\0\1\0\0\0\00299");
	MSG(&s, 'C', "SELECT 1\0");
	ready(&s, 'I');
	feed(&b, false, &s, cut);
	Buf want = { 0 };
	MSG(&want, '2', "");
	MSG(&want, 'n', "");
	MSG(&want, 'C', "UPDATE 3\0");
	ready(&want, 'I');
	assert_int_equal(b.to_client.len, want.len);
	assert_memory_equal(b.to_client.data, want.data, want.len);
	assert_int_equal(b.committed->xid, 99);
	Arena *a = arena_new();
	RedoStmt *v;
	size_t n;
	Error err;
	assert_int_equal(redo_decode(b.committed, a, &v, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(v[0].nparams, 1);
	assert_true(str_is(v[0].params[0], "5"));
	assert_int_equal(v[0].oids[0], 23);
	arena_free(a);
	buf_free(&want);
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_write_cut_anywhere(void **state)
{
	for (size_t cut = 0; cut < 90; cut++)
		write_once(cut);
}

static void test_error_skips_to_sync(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	start(&b);
	MSG(&c, 'P', "\0selec 1\0\0\0");
	MSG(&c, 'B', "\0\0\0\0\0\0\0\0");
	MSG(&c, 'E', "\0\0\0\0\0");
	MSG(&c, 'S', "");
	MSG(&c, 'Q', "SELECT 2\0");
	feed(&b, true, &c, 9999);
	bool open_group;
	assert_int_equal(relay_owed(&b.r, &open_group), 2);
	assert_false(open_group);
	MSG(&s, 'E', "SERROR\0VERROR\0C42601\0Mno\0\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	assert_int_equal(relay_owed(&b.r, &open_group), 1);
	buf_clear(&s);
	MSG(&s, 'C', "SELECT 1\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	assert_true(relay_idle(&b.r));
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_fatal_is_kept_from_the_client(void **state)
{
	Bench b;
	Buf s = { 0 };
	start(&b);
	MSG(&s, 'E', "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0");
	feed(&b, false, &s, 0);
	assert_true(b.r.gone);
	assert_string_equal(b.r.gone_state, "57P01");
	assert_int_equal(b.to_client.len, 0);
	buf_free(&s);
	stop(&b);
}

static void test_settings_cross(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	start(&b);
	MSG(&c, 'Q', "SET TIME ZONE 'UTC'\0");
	MSG(&c, 'Q', "set work_mem = '4MB';\0");
	feed(&b, true, &c, 0);
	MSG(&s, 'C', "SET\0");
	ready(&s, 'I');
	MSG(&s, 'E', "SERROR\0VERROR\0C22023\0Mno\0\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	Buf t = { 0 };
	settings_text(&b.settings, &t);
	/* Both were sent before either was answered; only what surely took effect is kept. */
	assert_non_null(strstr(buf_cstr(&t), "SET TIME ZONE 'UTC'"));
	char name[64], value[64];
	assert_true(stmt_setting(str_of("SET TIME ZONE 'UTC'"), name, sizeof name, value, sizeof value));
	assert_string_equal(name, "timezone");
	assert_string_equal(value, "UTC");
	buf_free(&t);
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_copy_in_pipelined(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	start(&b);
	MSG(&c, 'P', "\0COPY t FROM STDIN\0\0\0");
	MSG(&c, 'B', "\0\0\0\0\0\0\0\0");
	MSG(&c, 'E', "\0\0\0\0\0");
	MSG(&c, 'S', "");
	feed(&b, true, &c, 9999);
	MSG(&s, '1', "");
	MSG(&s, '2', "");
	MSG(&s, 'G', "\0\0\1\0\0");
	feed(&b, false, &s, 0);
	buf_clear(&c);
	buf_clear(&s);
	MSG(&c, 'd', "1\n");
	MSG(&c, 'c', "");
	MSG(&c, 'S', "");
	feed(&b, true, &c, 0);
	MSG(&s, 'C', "COPY 1\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	assert_true(relay_idle(&b.r));
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

/* What one message of several statements may have done is unknown until it is answered. */
static void test_commit_among_others(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		RelayLoss loss;
	} cases[] = {
#define TEXT(t) t "\0", sizeof t
		{ TEXT("BEGIN; INSERT INTO t VALUES (1); COMMIT"), LOSS_COMMIT },
		{ TEXT("begin;insert into t values (1);end"), LOSS_COMMIT },
		{ TEXT("BEGIN; SELECT 1; ROLLBACK; DELETE FROM t"), LOSS_COMMIT },
		{ TEXT("BEGIN; INSERT INTO commits VALUES (1)"), LOSS_STATEMENT },
		{ TEXT("SELECT 1; SELECT 2"), LOSS_AUTOCOMMIT },
#undef TEXT
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		Bench b;
		Buf c = { 0 }, s = { 0 };
		start(&b);
		msg(&c, 'Q', cases[i].text, cases[i].n);
		feed(&b, true, &c, 0);
		assert_int_equal(relay_loss(&b.r), cases[i].loss);
		MSG(&s, 'C', "SELECT 1\0");
		ready(&s, 'T');
		feed(&b, false, &s, 0);
		assert_int_equal(relay_loss(&b.r), LOSS_TRANSACTION);
		buf_clear(&c);
		MSG(&c, 'Q', "SELECT 1\0");
		feed(&b, true, &c, 0);
		assert_int_equal(relay_loss(&b.r), LOSS_STATEMENT);
		stop(&b);
		buf_free(&c);
		buf_free(&s);
	}
}

static void test_classify(void **state)
{
	bool alone;
	assert_int_equal(stmt_classify(str_of("/* x /* y */ */ -- z\n END;"), &alone), STMT_COMMIT);
	assert_true(alone);
	assert_int_equal(stmt_classify(str_of("commit; select 1"), &alone), STMT_COMMIT);
	assert_false(alone);
	assert_int_equal(stmt_classify(str_of("COMMIT PREPARED 'x'"), NULL), STMT_WRITE);
	assert_int_equal(stmt_classify(str_of("ROLLBACK TO s"), NULL), STMT_OTHER);
	assert_int_equal(stmt_classify(str_of("rollback work"), NULL), STMT_ROLLBACK);
	assert_int_equal(stmt_classify(str_of("set local x = 1"), NULL), STMT_OTHER);
	assert_int_equal(stmt_classify(str_of("(SELECT 1)"), NULL), STMT_SELECT);
	assert_int_equal(stmt_classify(str_of(" ; "), NULL), STMT_OTHER);
	assert_int_equal(stmt_classify(str_of(""), NULL), STMT_EMPTY);
}

static void test_redo_delivered_first(void **state)
{
	RedoList *l = redo_list_new(2, 1000);
	Redo *r[4];
	for (int i = 0; i < 4; i++) {
		r[i] = mem_alloc(sizeof *r[i]);
		r[i]->xid = (uint64_t)i + 10;
	}
	redo_mirrored(l, 10); /* the stream was faster than the answer */
	redo_add(l, r[0]);
	assert_int_equal(redo_count(l, NULL), 0);
	uint64_t forgotten;
	for (int i = 1; i < 4; i++)
		redo_add(l, r[i]);
	assert_int_equal(redo_count(l, &forgotten), 2);
	assert_int_equal(forgotten, 1);
	redo_mirrored(l, 12);
	List out;
	redo_take(l, &out);
	assert_int_equal(out.count, 1);
	Redo *left = list_item(list_pop(&out), Redo, node);
	assert_int_equal(left->xid, 13);
	redo_free(left);
	redo_list_free(l);
}

#define ASK "SELECT pg_catalog.txid_current_if_assigned()"

/* An autocommit INSERT as text: its tag waits until the answer to our question shows that it has been committed. */
static void ask_once(size_t cut)
{
	Bench b;
	Buf c = { 0 }, s = { 0 }, want = { 0 };
	start(&b);
	MSG(&c, 'Q', "INSERT INTO t VALUES ('a;') RETURNING 1 -- x\0");
	feed(&b, true, &c, cut);
	MSG(&want, 'Q', "INSERT INTO t VALUES ('a;') RETURNING 1 -- x\n;" ASK "\0");
	assert_int_equal(b.to_server.len, want.len);
	assert_memory_equal(b.to_server.data, want.data, want.len);
	assert_int_equal(relay_loss(&b.r), LOSS_AUTOCOMMIT);
	buf_clear(&want);
	MSG(&s, 'T', "\0\1?column?\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0");
	MSG(&s, 'D', "\0\1\0\0\0\0011");
	buf_put(&want, s.data, s.len);
	MSG(&s, 'C', "INSERT 0 1\0");
	feed(&b, false, &s, cut);
	assert_int_equal(b.to_client.len, want.len);
	assert_true(b.r.commit_done);
	buf_clear(&s);
	MSG(&s, 'T', "\0\1txid_current_if_assigned\0\0\0\0\0\0\0\0\0\0\x14\0\x8\xff\xff\xff\xff\0\0");
	MSG(&s, 'D', "\0\1\0\0\0\00512345");
	MSG(&s, 'C', "SELECT 1\0");
	ready(&s, 'I');
	feed(&b, false, &s, cut);
	MSG(&want, 'C', "INSERT 0 1\0");
	ready(&want, 'I');
	assert_int_equal(b.to_client.len, want.len);
	assert_memory_equal(b.to_client.data, want.data, want.len);
	assert_non_null(b.committed);
	assert_int_equal(b.committed->xid, 12345);
	assert_int_equal(count_of(&(Buf){ .data = b.committed->messages, .len = b.committed->len }, "txid"), 0);
	buf_free(&want);
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_ask_cut_anywhere(void **state)
{
	for (size_t cut = 0; cut < 70; cut++)
		ask_once(cut);
}

/* The error of an unfinished text names its end, so it is sent once more as it was written. */
static void test_unfinished_text_is_sent_again(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	RelayOut o = { .flush = into, .ctx = &b.to_server };
	start(&b);
	MSG(&c, 'Q', "DELETE FROM\0");
	feed(&b, true, &c, 0);
	MSG(&s, 'E', "SERROR\0VERROR\0C42601\0Msyntax error at or near \";\"\0P13\0\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	assert_int_equal(b.to_client.len, 0);
	assert_true(b.r.need_send);
	assert_int_equal(relay_loss(&b.r), LOSS_AUTOCOMMIT);
	buf_clear(&b.to_server);
	relay_send_own(&b.r, &o);
	into(&o);
	assert_int_equal(b.to_server.len, c.len);
	assert_memory_equal(b.to_server.data, c.data, c.len);
	buf_clear(&s);
	MSG(&s, 'E', "SERROR\0VERROR\0C42601\0Msyntax error at end of input\0P12\0\0");
	ready(&s, 'I');
	feed(&b, false, &s, 0);
	assert_int_equal(b.to_client.len, s.len);
	assert_true(relay_idle(&b.r));
	assert_null(b.committed);
	buf_free(&c);
	buf_free(&s);
	stop(&b);
}

static void test_script_points(void **state)
{
	static const struct {
		const char *text, *question_before; /* NULL: none; "" the end */
		unsigned before;
		bool in_transaction, backslashes;
	} cases[] = {
		{ "INSERT INTO t VALUES (1)", "", 1 },
		{ "insert into t values (1);; -- x", "", 1 },
		{ "/* a /* b */ */ (WITH x AS (DELETE FROM t RETURNING 1) SELECT 1)", "", 1 },
		{ "WITH x AS (SELECT 1) SELECT 'delete', \"delete\"", NULL },
		{ "SELECT 1; UPDATE t SET a = $$;$$ || $a$ $$; $a$; SELECT 2", "", 3 },
		{ "BEGIN; DELETE FROM t; COMMIT", " COMMIT", 2 },
		{ "BEGIN; DELETE FROM t; END TRANSACTION;", " END TRANSACTION;", 2 },
		{ "BEGIN; DELETE FROM t; COMMIT AND CHAIN", NULL },
		{ "BEGIN; DELETE FROM t; COMMIT PREPARED 'x'", NULL },
		{ "BEGIN; DELETE FROM t; ROLLBACK", NULL },
		{ "BEGIN; SELECT 1; COMMIT", NULL },
		{ "BEGIN; DELETE FROM t", NULL },
		{ "DELETE FROM t; COMMIT", NULL },
		{ "DELETE FROM t; COMMIT", " COMMIT", 1, true },
		{ "COMMIT", NULL, 0, true },
		{ "COMMIT; DELETE FROM t", NULL, 0, true },
		{ "VACUUM t", NULL },
		{ "CREATE INDEX CONCURRENTLY i ON t (a)", NULL },
		{ "COPY t FROM STDIN", NULL },
		{ "INSERT INTO t VALUES (1); COPY t TO STDOUT", NULL },
		{ "INSERT INTO t VALUES (1); DO 'x'", NULL },
		{ "INSERT INTO t VALUES ('a", NULL },
		{ "INSERT INTO t VALUES (1) /* a", NULL },
		{ "INSERT INTO t VALUES ($a$ $b$)", NULL },
		{ "INSERT INTO \"t", NULL },
		{ "INSERT INTO t VALUES ('a\\')", "", 1 },
		{ "INSERT INTO t VALUES ('a\\')", NULL, 0, false, true },
		{ "INSERT INTO t VALUES ('a\\'; COMMIT')", "", 1, false, true },
		{ "INSERT INTO t VALUES (E'a\\'; COMMIT', name$a$, E'')", "", 1 },
		{ "INSERT INTO t VALUES (E'a'\n'b\\'; ')", NULL },
		{ "INSERT INTO t VALUES ('''', '')", "", 1 },
		{ ";;", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ScriptPoint p = { 0 };
		const char *want = cases[i].question_before;
		bool found = script_find_point(str_of(cases[i].text), cases[i].in_transaction, cases[i].backslashes, &p);
		if (found != (want != NULL))
			fail_msg("%s", cases[i].text);
		if (!found)
			continue;
		assert_string_equal(cases[i].text + p.at, want);
		assert_int_equal(p.before, cases[i].before);
		assert_int_equal(p.commits, *want != '\0');
	}
}

static void test_redo_settled_by_a_mark(void **state)
{
	RedoList *l = redo_list_new(10, 1000);
	assert_int_equal(redo_waiting_since(l), 0);
	for (uint64_t i = 0; i < 3; i++) {
		Redo *r = mem_alloc(sizeof *r);
		r->xid = i + 10;
		r->acked_us = (int64_t)i + 100;
		redo_add(l, r);
		if (i == 1)
			assert_int_equal(redo_mark(l), 2);
	}
	redo_mirrored(l, 10);
	assert_int_equal(redo_waiting_since(l), 101);
	redo_settle(l, 2);
	assert_int_equal(redo_count(l, NULL), 1);
	assert_int_equal(redo_waiting_since(l), 102);
	redo_list_free(l);
}

/* In a transaction that is open on the server. */
static void begin_block(Bench *b, Buf *c, Buf *s)
{
	start(b);
	MSG(c, 'Q', "BEGIN\0");
	feed(b, true, c, 0);
	MSG(s, 'C', "BEGIN\0");
	ready(s, 'T');
	feed(b, false, s, 0);
	buf_clear(c);
	buf_clear(s);
}

static void test_what_may_be_lasting(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	begin_block(&b, &c, &s);
	MSG(&c, 'Q', "PREPARE TRANSACTION 'x'\0");
	feed(&b, true, &c, 0);
	assert_int_equal(relay_loss(&b.r), LOSS_COMMIT);
	stop(&b);
	buf_clear(&c);
	begin_block(&b, &c, &s);
	MSG(&c, 'Q', "ROLLBACK\0");
	feed(&b, true, &c, 0);
	assert_int_equal(relay_loss(&b.r), LOSS_STATEMENT);
	buf_clear(&c);
	MSG(&c, 'Q', "INSERT INTO t VALUES (1)\0");
	feed(&b, true, &c, 0);
	assert_int_equal(relay_loss(&b.r), LOSS_COMMIT);
	stop(&b);
	buf_free(&c);
	buf_free(&s);
}

static void commit_block(Bench *b, const char *text, size_t n, char status, Buf *c, Buf *s)
{
	buf_clear(c);
	buf_clear(s);
	msg(c, 'Q', text, n);
	feed(b, true, c, 0);
	MSG(s, '1', "");
	if (b->r.gen == 1 && b->committed)
		buf_clear(s); /* the question has been parsed already */
	MSG(s, '2', "");
	MSG(s, 'D', "\0\1\0\0\0\003742");
	MSG(s, 'C', "SELECT 1\0");
	MSG(s, 'C', "COMMIT\0");
	ready(s, status);
	feed(b, false, s, 0);
}

/* The server goes on from a savepoint, and says COMMIT in the end; a chained transaction is another one. */
static void test_commit_after_errors_and_chained(void **state)
{
	Bench b;
	Buf c = { 0 }, s = { 0 };
	begin_block(&b, &c, &s);
	MSG(&c, 'Q', "INSERT INTO t VALUES (1)\0");
	feed(&b, true, &c, 0);
	MSG(&s, 'E', "SERROR\0VERROR\0C23505\0Mno\0\0");
	ready(&s, 'E');
	feed(&b, false, &s, 0);
	buf_clear(&c);
	buf_clear(&s);
	MSG(&c, 'Q', "ROLLBACK TO a\0");
	feed(&b, true, &c, 0);
	MSG(&s, 'C', "ROLLBACK\0");
	ready(&s, 'T');
	feed(&b, false, &s, 0);
	commit_block(&b, "COMMIT AND CHAIN", sizeof "COMMIT AND CHAIN", 'T', &c, &s);
	assert_non_null(b.committed);
	assert_true(b.committed->errors);
	size_t before = b.committed->len;
	commit_block(&b, "COMMIT", sizeof "COMMIT", 'I', &c, &s);
	assert_false(b.committed->errors);
	assert_true(b.committed->len < before);
	stop(&b);
	buf_free(&c);
	buf_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_cut_anywhere),
		cmocka_unit_test(test_write_cut_anywhere),
		cmocka_unit_test(test_error_skips_to_sync),
		cmocka_unit_test(test_fatal_is_kept_from_the_client),
		cmocka_unit_test(test_settings_cross),
		cmocka_unit_test(test_copy_in_pipelined),
		cmocka_unit_test(test_commit_among_others),
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_redo_delivered_first),
		cmocka_unit_test(test_what_may_be_lasting),
		cmocka_unit_test(test_commit_after_errors_and_chained),
		cmocka_unit_test(test_redo_settled_by_a_mark),
		cmocka_unit_test(test_ask_cut_anywhere),
		cmocka_unit_test(test_unfinished_text_is_sent_again),
		cmocka_unit_test(test_script_points),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
