/* What the text, bytea and regular expression functions share. Room-internal. */
#ifndef US_SQLITE_FN_TEXT_H
#define US_SQLITE_FN_TEXT_H

#include "sqlite/fn.h"

/* Hand the buffer's memory over to SQLite as TEXT or BLOB. */
void fn_result_buf(sqlite3_context *ctx, Buf *b);
void fn_result_blob_buf(sqlite3_context *ctx, Buf *b);
void fn_result_str(sqlite3_context *ctx, Str s); /* TEXT, copied */

/* LIKE as PostgreSQL does it, over UTF-8 (or bytes when !utf8). 1 matches, 0 does not, -1 pattern ends with a backslash. */
int like_match(Str text, Str pattern, bool utf8);
/* PostgreSQL's lower() under C.UTF-8; appended to out. */
void text_lower(Str s, Buf *out);
void utf8_append(Buf *out, uint32_t cp);

/* SIMILAR TO's pattern as an advanced regular expression. A NULL escape is the backslash; `parts` for substring(). */
int similar_to_regex(Str pattern, const Str *escape, bool parts, Buf *out, Error *err);

void text_quote_ident(Str s, Buf *out);
void text_quote_literal(Str s, Buf *out);

/* Further tables, beside fn_table_text and fn_table_bytea. */
extern const SqliteFn fn_table_like[], fn_table_text_format[], fn_table_regex[], fn_table_uuid[], fn_table_codec[], fn_table_chars[],
	fn_table_text_parse[], fn_table_ext_crypto[], fn_table_ext_fuzzy[], fn_table_ext_hstore[], fn_table_ext_hstore_row[],
	fn_table_ext_postgis[], fn_table_ext_unaccent[];

#endif
