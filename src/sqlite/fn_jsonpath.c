/* The functions of jsonpath. */
#include "pgtype/jsonpath.h"

#include "sqlite/fn_json.h"
#include "sqlite/fn_jsonpath.h"
#include "sqlite/fn_regex.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
#define ARENA(a) _cleanup_(arena_freep) Arena *a = arena_new()

int jsonpath_match_regex(Str pattern, const char *letters, Str subject, Error *err)
{
	RegexFlags flags;
	RegexText text;
	RegexMatch m;
	if (regex_flags(str_of(letters), &flags, err) < 0)
		return -1;
	const Regex *re = regex_compile(pattern, flags, err);
	if (!re || !subject.p)
		return re ? 0 : -1;
	regex_text_init(&text, subject);
	int rc = regex_search(re, &text, 0, &m, err);
	regex_text_clear(&text);
	return rc;
}

JpResult fn_jsonpath_run(const JsonPathArgs *args, FnEnv *env, Arena *a, Json *found, bool *raised)
{
	*raised = true;
	Json *doc = json_parse(args->doc, true, a, &env->error);
	JsonPath *path = doc ? jsonpath_parse(args->path, a, &env->error) : NULL;
	Json *vars = path && args->vars.p ? json_parse(args->vars, true, a, &env->error) : NULL;
	if (!path || (args->vars.p && !vars))
		return JP_FAILED;
	if (vars && vars->kind != JSON_OBJECT) {
		err_set(&env->error, "22023", "\"vars\" argument is not an object");
		err_detail(&env->error, "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
		return JP_FAILED;
	}
	JpCall call = { .doc = doc, .vars = vars, .silent = args->silent, .use_tz = args->use_tz, .env = env->types, .a = a };
	return jsonpath_run(path, &call, found, raised, &env->error);
}

/* The arguments of a call: document, path[, variables, silent]. The operators are silent. */
static JpResult run(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool use_tz, Arena *a, Json *found)
{
	bool raised;
	JsonPathArgs args = { .doc = fn_arg_str(argv[0]), .path = fn_arg_str(argv[1]), .silent = argc < 4, .use_tz = use_tz };
	if (argc == 4) {
		args.vars = fn_arg_str(argv[2]);
		args.silent = sqlite3_value_int(argv[3]);
	}
	JpResult r = fn_jsonpath_run(&args, fn_env(ctx), a, found, &raised);
	if (r == JP_FAILED && raised)
		fn_fail(ctx);
	return r;
}

static void path_exists(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool use_tz)
{
	ARENA(a);
	JpResult r = run(ctx, argc, argv, use_tz, a, NULL);
	if (r != JP_FAILED)
		sqlite3_result_int(ctx, r == JP_OK);
}
FN(fn_exists)
{
	path_exists(ctx, argc, argv, false);
}
FN(fn_exists_tz)
{
	path_exists(ctx, argc, argv, true);
}

static void match(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool use_tz)
{
	ARENA(a);
	Json *found = json_new(JSON_ARRAY, a);
	if (run(ctx, argc, argv, use_tz, a, found) == JP_FAILED)
		return;
	const Json *v = found->n == 1 ? found->items[0] : NULL;
	if (v && v->kind == JSON_BOOL)
		sqlite3_result_int(ctx, v->b);
	else if (!(v && v->kind == JSON_NULL) && argc == 4 && !sqlite3_value_int(argv[3]))
		fn_raise(ctx, "22038", "single boolean result is expected");
}
FN(fn_match)
{
	match(ctx, argc, argv, false);
}
FN(fn_match_tz)
{
	match(ctx, argc, argv, true);
}

static void query(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool use_tz, bool first)
{
	ARENA(a);
	Json *found = json_new(JSON_ARRAY, a);
	JpResult r = run(ctx, argc, argv, use_tz, a, found);
	/* what was found before a silent error stays */
	if (r == JP_FAILED && !sqlite3_value_int(argv[3]))
		return;
	if (!first)
		jf_result(ctx, found);
	else if (found->n)
		jf_result(ctx, found->items[0]);
}
FN(fn_query_array)
{
	query(ctx, argc, argv, false, false);
}
FN(fn_query_array_tz)
{
	query(ctx, argc, argv, true, false);
}
FN(fn_query_first)
{
	query(ctx, argc, argv, false, true);
}
FN(fn_query_first_tz)
{
	query(ctx, argc, argv, true, true);
}

#define PURE (FN_STRICT | FN_IMMUTABLE)

const SqliteFn fn_table_jsonpath[] = {
	{ "jsonb_path_exists", 4, PURE, fn_exists },
	{ "jsonb_path_exists_opr", 2, PURE, fn_exists },
	{ "jsonb_path_exists_tz", 4, FN_STRICT, fn_exists_tz },
	{ "jsonb_path_match", 4, PURE, fn_match },
	{ "jsonb_path_match_opr", 2, PURE, fn_match },
	{ "jsonb_path_match_tz", 4, FN_STRICT, fn_match_tz },
	{ "jsonb_path_query_array", 4, PURE, fn_query_array },
	{ "jsonb_path_query_array_tz", 4, FN_STRICT, fn_query_array_tz },
	{ "jsonb_path_query_first", 4, PURE, fn_query_first },
	{ "jsonb_path_query_first_tz", 4, FN_STRICT, fn_query_first_tz },
	{ 0 },
};
