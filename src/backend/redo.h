/*
 * Transactions that the primary acknowledged and that the stream has not yet delivered to the SQLite file.
 *
 * When the primary dies between the two, these are run again on SQLite so that no client sees its own acknowledged write disappear. The
 * list is shared by the sessions of a database (which add) and the follower (which removes); it has its own lock. It is bounded: when
 * full the oldest entry is forgotten and counted.
 */
#ifndef US_BACKEND_REDO_H
#define US_BACKEND_REDO_H

#include "backend/stmts.h"
#include "base/list.h"

typedef struct Redo {
	ListNode node;
	uint64_t xid;	   /* full transaction id of the primary */
	uint64_t session;  /* who committed it */
	uint64_t number;   /* of its adding, from 1 */
	int64_t acked_us;  /* wall clock */
	uint8_t *messages; /* the client's messages, frontend protocol, in order */
	size_t len;
	PrepStmt **binds; /* the statement of each Bind in `messages`, in order; counted references */
	size_t nbinds;
	bool errors;	/* some of its statements failed on the primary, and it went on from a savepoint */
	char *user;	/* NULL or who ran it */
	char *settings; /* SET statements in force, joined by "; "; "" for none */
} Redo;

typedef struct RedoList RedoList;

RedoList *redo_list_new(size_t max_count, size_t max_bytes);
void redo_list_free(RedoList *l);
/* Takes over `r`. Does nothing but free it when the stream has already delivered that transaction. */
void redo_add(RedoList *l, Redo *r);
/* The stream has delivered (and the file durably holds) transaction `xid`. `xid` may be the stream's 32-bit id: only the low half counts.
 */
void redo_mirrored(RedoList *l, uint32_t xid);
/* How many have been added so far. Once the file has all that the primary had committed at a later moment, what was added before the mark
 * has been delivered or never will be: it changed nothing that is followed, or was part of a table's copy. */
uint64_t redo_mark(RedoList *l);
void redo_settle(RedoList *l, uint64_t mark);
/* When the oldest entry was acknowledged; 0 when there is none. */
int64_t redo_waiting_since(RedoList *l);
/* Takes all entries out, oldest first; the caller frees each with redo_free. `node` links them through list_pop. */
void redo_take(RedoList *l, List *out);
/* How many are waiting, and how many were forgotten because the list was full. */
size_t redo_count(RedoList *l, uint64_t *forgotten);
void redo_free(Redo *r);

/* One statement of a transaction to be redone. */
typedef struct RedoStmt {
	Str text;
	uint16_t noids;
	const uint32_t *oids; /* declared parameter types, 0 = to be inferred */
	uint16_t nparams;
	const Str *params;	 /* p == NULL is SQL NULL */
	const uint16_t *formats; /* one per parameter: 0 text, 1 binary */
	bool simple;		 /* came by the simple protocol: text may hold several statements */
} RedoStmt;

/* Splits a transaction into its statements, in order of execution, in `a`. Transaction control statements are left in.
 * -1 when the recorded messages do not make sense. */
int redo_decode(const Redo *r, Arena *a, RedoStmt **out, size_t *n, Error *err);

#endif
