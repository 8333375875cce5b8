/* What the files that evaluate jsonpath share. Semantics are those of PostgreSQL's executor: an item is applied to a value and gives a
 * sequence; in lax mode arrays are unwrapped and structural errors are no errors. */
#ifndef US_PGTYPE_JSONPATH_EXEC_H
#define US_PGTYPE_JSONPATH_EXEC_H

#include "pgtype/jsonpath.h"

/* What .datetime() gives. */
typedef struct JpDate {
	Json base;     /* kind JSON_DATETIME */
	uint32_t type; /* OID of date, time, timetz, timestamp or timestamptz */
	int64_t value; /* days or microseconds, in PostgreSQL's internal form; UTC for timestamptz, local for timetz */
	int32_t east;  /* seconds, for the types with a zone */
} JpDate;

typedef enum { JP_FALSE, JP_TRUE, JP_UNKNOWN } JpBool;

typedef struct JpExec {
	const JpCall *call;
	Arena *a;
	const Json *current;
	const Json *base; /* what keyvalue() counts its ids from */
	int base_id, last_id;
	int64_t array_size; /* of the innermost array with a subscript; -1 outside */
	bool lax, ignore_structure, throws;
	bool raised; /* err is filled */
	Error *err;
	int depth;
} JpExec;

/* An error that silence or a predicate swallows. Always JP_FAILED. */
JpResult jp_error(JpExec *x, const char *sqlstate, const char *fmt, ...) US_PRINTF(3, 4);
/* One that it does not. */
JpResult jp_hard_error(JpExec *x, const char *sqlstate, const char *fmt, ...) US_PRINTF(3, 4);

/* jsonpath_eval.c */
JpResult jp_item(JpExec *x, const JpItem *i, const Json *v, Json *found);
JpResult jp_item_unwrap(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap);
/* The items that follow `i`, or the end of the path: then v is a result. */
JpResult jp_next_item(JpExec *x, const JpItem *i, const Json *v, Json *found);
/* Applies the item to each element of an array. */
JpResult jp_unwrap_array(JpExec *x, const JpItem *i, const Json *v, Json *found);
/* Evaluates and, in lax mode, unwraps arrays among the results. */
JpResult jp_item_result(JpExec *x, const JpItem *i, const Json *v, bool unwrap, Json *found);
Json *jp_sequence(JpExec *x);

/* jsonpath_bool.c */
JpBool jp_bool(JpExec *x, const JpItem *i, const Json *v);
/* With @ being v. */
JpBool jp_bool_nested(JpExec *x, const JpItem *i, const Json *v);

/* jsonpath_method.c */
JpResult jp_method(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap);
JpResult jp_arithmetic(JpExec *x, const JpItem *i, const Json *v, Json *found);
JpResult jp_sign(JpExec *x, const JpItem *i, const Json *v, Json *found);

/* jsonpath_datetime.c */
/* The text as a moment; NULL when it is none. */
JpDate *jp_date_parse(Str text, const TypeEnv *env, Arena *a);
/* By a template, as `.datetime("template")` reads it. */
JpDate *jp_date_parse_as(Str text, Str tpl, Arena *a, Error *err);
const char *jp_date_type(const JpDate *d);
/* As a JSON string's contents. */
void jp_date_print(const JpDate *d, Buf *out);
/* <0, 0, >0 in *cmp; JP_UNKNOWN when they cannot be compared, with x->raised when that is an error. */
JpBool jp_date_compare(JpExec *x, const JpDate *p, const JpDate *q, int *cmp);

#endif
