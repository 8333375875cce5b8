/*
 * Errors, the one idiom of this program.
 *
 * A function that can fail takes an `Error *err` last and returns 0 on success or -1 on failure
 * (or NULL for functions that return a pointer). On failure it has filled `err`; on success it has
 * not touched it. Library code never logs an error: it returns it, and the caller decides. The
 * session turns an Error into an ErrorResponse in one place.
 *
 * An Error owns no memory and can be copied by assignment. Fields have PostgreSQL's meaning
 * (see "Error and Notice Message Fields" in PostgreSQL's protocol documentation).
 */
#ifndef US_BASE_ERR_H
#define US_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Error {
	char sqlstate[6];
	int position; /* 1-based character (not byte) offset in the statement text; 0 when there is none */
	char message[1024];
	char detail[1024];
	char hint[512];
	char context[1024];  /* where in a program it happened, innermost first; lines */
	const char *routine; /* what PostgreSQL's source calls the place, where clients go by it; static text or NULL */
	bool internal;	     /* `position` is one in the text of a statement inside a program */
	char schema[64], table[64], column[64], datatype[64], constraint[64];
} Error;

#define US_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Starts an error: clears every field, sets SQLSTATE and message. Always returns -1. `err` may be NULL. */
int err_set(Error *err, const char *sqlstate, const char *fmt, ...) US_PRINTF(3, 4);

/* Add to an error already started. Each always returns -1, so that `return err_hint(...)` reads well. */
int err_detail(Error *err, const char *fmt, ...) US_PRINTF(2, 3);
int err_hint(Error *err, const char *fmt, ...) US_PRINTF(2, 3);
int err_at(Error *err, int position);

/* Names the object an error is about; NULL leaves that field as it is. Always returns -1. */
int err_object(Error *err, const char *schema, const char *table, const char *column, const char *constraint);

/* Names the data type (its schema goes by err_object). Always returns -1. */
int err_datatype(Error *err, const char *name);

/* The refusal of what SQLite mode cannot do rightly: SQLSTATE 0A000 and a position (0 = unknown). */
int err_refuse(Error *err, int position, const char *fmt, ...) US_PRINTF(3, 4);

/* Names the routine, for an error that clients know by it. Always returns -1. */
int err_routine(Error *err, const char *routine);

/* True when the SQLSTATE of `err` equals `sqlstate`. */
bool err_is(const Error *err, const char *sqlstate);

void err_clear(Error *err);

#endif
