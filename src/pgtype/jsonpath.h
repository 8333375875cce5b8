/*
 * jsonpath: SQL/JSON path expressions. The stored form is PostgreSQL's canonical text: `$."a"[0]?(@ > 1)`.
 *
 * A path is a tree of JpItem; what follows an item (.key after $) hangs on `next`. jsonpath_parse*.c makes it, jsonpath_print.c writes the
 * canonical text, jsonpath_eval.c runs it over a document.
 */
#ifndef US_PGTYPE_JSONPATH_H
#define US_PGTYPE_JSONPATH_H

#include "pgtype/json.h"

typedef enum JpKind {
	JP_NULL,
	JP_STRING,   /* s */
	JP_NUMERIC,  /* s: a number's text as numeric prints it */
	JP_BOOL,     /* b */
	JP_VARIABLE, /* s */
	JP_ROOT,
	JP_CURRENT,
	JP_LAST,
	JP_KEY, /* s */
	JP_ANY_KEY,
	JP_ANY_ARRAY,
	JP_INDEX_ARRAY, /* subs */
	JP_ANY,		/* first, last: levels */
	JP_FILTER,	/* left */
	/* operators: left and right */
	JP_OR,
	JP_AND,
	JP_EQ,
	JP_NE,
	JP_LT,
	JP_GT,
	JP_LE,
	JP_GE,
	JP_STARTS_WITH,
	JP_LIKE_REGEX, /* left; s: pattern, flags */
	JP_ADD,
	JP_SUB,
	JP_MUL,
	JP_DIV,
	JP_MOD,
	JP_PLUS, /* unary: left */
	JP_MINUS,
	JP_NOT,
	JP_IS_UNKNOWN,
	JP_EXISTS,
	JP_TYPE, /* methods */
	JP_SIZE,
	JP_ABS,
	JP_FLOOR,
	JP_CEILING,
	JP_DOUBLE,
	JP_KEYVALUE,
	JP_DATETIME, /* left: the template or NULL */
} JpKind;

/* The number of levels that `last` means in .**{n to last}. */
#define JP_LEVEL_LAST UINT32_MAX

enum { JP_FLAG_I = 1, JP_FLAG_S = 2, JP_FLAG_M = 4, JP_FLAG_X = 8, JP_FLAG_Q = 16 };

typedef struct JpItem JpItem;
typedef struct JpRange {
	JpItem *from, *to; /* to: NULL for a single subscript */
} JpRange;

struct JpItem {
	JpKind kind;
	bool b;
	unsigned flags;
	uint32_t first, last;
	Str s;
	JpItem *left, *right, *next;
	JpRange *subs;
	size_t nsubs;
};

typedef struct JsonPath {
	bool strict;
	JpItem *root;
} JsonPath;

/* Regular expressions belong to a later room: letters are PostgreSQL's option letters. With p == NULL in `subject` the pattern is only
 * checked. 1 match, 0 none, -1 error. */
typedef int (*JsonPathRegex)(Str pattern, const char *letters, Str subject, Error *err);
/* Only at start. */
void jsonpath_set_regex(JsonPathRegex fn);
/* The call set at start for an item JP_LIKE_REGEX; 0A000 when there is none. */
int jsonpath_regex(const JpItem *like, Str subject, Error *err);

/* NULL with 42601, 22P02 and kin. Points into `text`, which must live as long as the result. */
JsonPath *jsonpath_parse(Str text, Arena *a, Error *err);
void jsonpath_print(const JsonPath *p, Buf *out);
/* The operator's or method's own word, as messages have it: "+", "size". */
const char *jsonpath_word(JpKind k);

/* What a call gives besides values. */
typedef enum { JP_NOT_FOUND, JP_OK, JP_FAILED } JpResult;

typedef struct JpCall {
	const Json *doc, *vars; /* vars: an object, or NULL */
	bool silent;		/* errors that the path can have become JP_FAILED */
	bool use_tz;		/* the functions with _tz */
	const TypeEnv *env;
	Arena *a;
} JpCall;

/* Runs. With found == NULL only whether there is a value matters. JP_FAILED: `*raised` says whether err is filled (else silence was asked
 * for). Values point into the document and the arena. */
JpResult jsonpath_run(const JsonPath *p, const JpCall *call, Json *found, bool *raised, Error *err);

#endif
