/* What the functions of jsonpath share with the set-returning one. */
#ifndef US_SQLITE_FN_JSONPATH_H
#define US_SQLITE_FN_JSONPATH_H

#include "pgtype/jsonpath.h"
#include "sqlite/fn.h"

typedef struct JsonPathArgs {
	Str doc, path, vars; /* vars.p may be NULL */
	bool silent, use_tz;
} JsonPathArgs;

/* JP_FAILED with *raised: env->error is filled. */
JpResult fn_jsonpath_run(const JsonPathArgs *args, FnEnv *env, Arena *a, Json *found, bool *raised);
/* For jsonpath_set_regex. */
int jsonpath_match_regex(Str pattern, const char *letters, Str subject, Error *err);

#endif
