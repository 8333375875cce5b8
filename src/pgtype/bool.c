#include "pgtype/family.h"

/* PostgreSQL accepts every unambiguous beginning of these words. */
static int parse_bool(Str s)
{
	static const struct {
		const char *word;
		size_t least;
		int value;
	} words[] = {
		{ "true", 1, 1 }, { "false", 1, 0 }, { "yes", 1, 1 }, { "no", 1, 0 },
		{ "on", 2, 1 },	  { "off", 2, 0 },   { "1", 1, 1 },   { "0", 1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (s.n >= words[i].least && s.n <= strlen(words[i].word) && str_ieq(s, (Str){ words[i].word, s.n }))
			return words[i].value;
	return -1;
}

static int bool_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	int v = parse_bool(str_trim(text));
	if (v < 0)
		return family_bad_text(err, "boolean", text);
	*out = val_int(v);
	return 0;
}

static int bool_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, v->i ? 't' : 'f');
	return 0;
}

static int bool_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 1, err))
		return -1;
	*out = val_int(bytes.p[0] != 0);
	return 0;
}

static int bool_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, v->i != 0);
	return 0;
}

static int bool_compare(const PgType *t, const Val *x, const Val *y)
{
	return (x->i > y->i) - (x->i < y->i);
}

const TypeFamily family_bool = { bool_in, bool_out, bool_recv, bool_send, bool_compare, NULL, "INTEGER", NULL };
