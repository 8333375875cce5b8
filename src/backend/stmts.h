/*
 * What a session has prepared, and which settings it has made: the part of a session that must be the same on whichever side runs it.
 *
 * A PrepStmt is counted: the table holds one reference, a transaction that may have to be redone holds others. Everything here is touched
 * only by the thread that holds the session, except the reference count.
 */
#ifndef US_BACKEND_STMTS_H
#define US_BACKEND_STMTS_H

#include "base/buf.h"
#include "base/map.h"

#include <stdatomic.h>

/* What the first words of a statement say about it. Only a hint for bookkeeping: never used to decide what SQL means. */
typedef enum StmtKind {
	STMT_OTHER,
	STMT_EMPTY,
	STMT_SELECT,   /* SELECT, VALUES, TABLE, SHOW: takes part in no transaction that must be settled, unless a function writes */
	STMT_WRITE,    /* INSERT, UPDATE, DELETE, MERGE, WITH, TRUNCATE, COPY and DDL */
	STMT_BEGIN,    /* BEGIN, START TRANSACTION */
	STMT_COMMIT,   /* COMMIT, END, not COMMIT PREPARED */
	STMT_ROLLBACK, /* ROLLBACK, ABORT; not ROLLBACK TO */
	STMT_SET,      /* SET name, RESET name, SET SESSION; not SET LOCAL and SET TRANSACTION */
	STMT_PREPARE,  /* PREPARE name AS */
	STMT_DEALLOCATE,
	STMT_DISCARD,
} StmtKind;

/* Classifies the first statement of `text` (comments skipped). *alone (may be NULL) is set when nothing but blanks and `;` follow it. */
StmtKind stmt_classify(Str text, bool *alone);
/* For a text of several statements: true when one of them may end a transaction. Quotes and CASE ... END may make it true without need. */
bool stmt_may_end_transaction(Str text);
/* PREPARE TRANSACTION, which is as lasting as COMMIT. */
bool stmt_prepares_transaction(Str text);
/* The name in SET name / RESET name / PREPARE name / DEALLOCATE name, folded to lower case unless quoted; {NULL,0} for ALL or when absent.
 */
Str stmt_object_name(Str text, char *space, size_t size);

/* Takes SET name = value apart, when value is one word, number or quoted string. */
bool stmt_setting(Str text, char *name, size_t name_size, char *value, size_t value_size);

typedef struct PrepStmt {
	atomic_int refs;
	char *name;	  /* "" is the unnamed statement */
	uint8_t *message; /* the whole Parse message as the client sent it: 'P', length, name, text, types */
	size_t message_len;
	Str text; /* inside message */
	uint16_t noids;
	const uint8_t *oids; /* noids big-endian OIDs, inside message; not aligned */
	StmtKind kind;
	bool alone;
	uint32_t link_gen; /* the server connection generation that has it, 0 = none */
	void *plan;	   /* the SQLite side's own; freed by free_plan */
	void (*free_plan)(void *plan);
} PrepStmt;

/* Reads a complete Parse message (with type byte and length). NULL when it is malformed. The result has one reference. */
PrepStmt *prep_new(const uint8_t *message, size_t len);
/* The same from parts; `oids` in host order. */
PrepStmt *prep_make(const char *name, Str text, const uint32_t *oids, uint16_t noids);
PrepStmt *prep_ref(PrepStmt *st);
void prep_unref(PrepStmt *st);
static inline uint32_t prep_oid(const PrepStmt *st, size_t i)
{
	return get_u32(st->oids + 4 * i);
}

typedef struct StmtTable {
	Map named;	   /* name -> PrepStmt */
	PrepStmt *unnamed; /* or NULL */
} StmtTable;

PrepStmt *stmts_get(const StmtTable *t, Str name);
/* Takes over the caller's reference; an older statement of that name is dropped. */
void stmts_put(StmtTable *t, PrepStmt *st);
void stmts_remove(StmtTable *t, Str name);
void stmts_clear(StmtTable *t);

/* Settings made by SET, in the order they were made, one text per name. */
typedef struct Settings {
	Map by_name; /* name -> char *text of the SET statement */
	char **order;
	size_t n, cap;
} Settings;

/* Notes a SET or RESET that took effect. RESET ALL clears. */
void settings_note(Settings *s, Str statement);
/* The same for PREPARE and DEALLOCATE in SQL, which are made again like settings. */
void settings_note_prepare(Settings *s, StmtKind kind, Str statement);
/* All SET statements joined by "; " into `out`; nothing is appended when there are none. */
void settings_text(const Settings *s, Buf *out);
void settings_clear(Settings *s);

#endif
