/* Inside COPY FROM: where records end, in text and csv. Behaviour of PostgreSQL's CopyReadLineText. */
#ifndef US_BACKEND_COPY_LINES_H
#define US_BACKEND_COPY_LINES_H

#include "base/err.h"
#include "base/str.h"
#include "sql/plan.h"

typedef enum { EOL_UNKNOWN, EOL_NL, EOL_CR, EOL_CRNL } EolKind;

typedef struct CopyLines {
	const CopyOptions *o;
	EolKind eol;	 /* as the first record ended; all must end so */
	size_t scanned;	 /* bytes of the record that hold no end */
	unsigned breaks; /* line ends inside quotes of the record so far */
	bool in_quote, after_escape;
} CopyLines;

typedef enum {
	LINE_ERROR = -1,
	LINE_MORE,   /* the record's end is not there yet */
	LINE_RECORD, /* bytes up to *end; the next one begins at *next */
	LINE_LAST,   /* the same, and "\." follows: there are no more records. An empty one is none */
} LineResult;

/* `data` begins with a record; `eof`: no more bytes will come. */
LineResult copy_lines_next(CopyLines *l, Str data, bool eof, size_t *end, size_t *next, Error *err);

#endif
