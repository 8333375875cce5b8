/*
 * PostgreSQL's logical replication messages (protocol version 1), decoded. Pure: bytes in, a message out.
 * Follows "Logical Replication Message Formats" in PostgreSQL's documentation.
 */
#ifndef US_SYNC_PGOUTPUT_H
#define US_SYNC_PGOUTPUT_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct OutColumn {
	bool key;
	const char *name;
	uint32_t type;
	int32_t typmod;
} OutColumn;

typedef struct OutRelation {
	uint32_t oid;
	const char *schema, *name;
	char identity; /* d n f i */
	size_t ncols;
	OutColumn *cols;
} OutRelation;

typedef struct OutValue {
	char kind; /* 'n' NULL, 'u' unchanged and not sent, 't' text, 'b' binary */
	Str bytes;
} OutValue;

typedef struct OutTuple {
	size_t ncols;
	OutValue *cols;
} OutTuple;

typedef struct OutMessage {
	char type;	       /* B C R I U D T O Y M; others are refused */
	uint64_t lsn, end_lsn; /* B: lsn = final LSN; C: commit LSN and end LSN; M: lsn */
	int64_t commit_us;     /* B, C: microseconds since 2000-01-01 */
	uint32_t xid;	       /* B */
	OutRelation relation;  /* R */
	uint32_t rel;	       /* I U D: relation OID */
	char old_kind;	       /* U, D: 'K' key, 'O' whole old row, 0 none */
	OutTuple old, row;
	uint32_t *rels; /* T */
	size_t nrels;
	bool cascade, restart_identity;
	const char *prefix; /* M */
	Str content;
	bool transactional;
} OutMessage;

/* Fills `out`; strings and arrays are in `a` or point into `bytes`. 08P01 when the bytes make no sense. */
int pgoutput_decode(Str bytes, Arena *a, OutMessage *out, Error *err);

#endif
