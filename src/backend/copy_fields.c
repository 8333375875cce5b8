#include "backend/copy_fields.h"

void copy_fields_free(CopyFields *f)
{
	buf_free(&f->text);
	free(f->items);
	*f = (CopyFields){ 0 };
}

static void clear(CopyFields *f)
{
	buf_clear(&f->text);
	f->n = 0;
}

static void add(CopyFields *f, size_t at, bool is_null, bool quoted)
{
	f->items = mem_grow(f->items, &f->cap, f->n + 1, sizeof *f->items);
	f->items[f->n++] = (CopyField){ at, f->text.len - at, is_null, quoted };
	buf_put_u8(&f->text, 0);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character after a backslash at p; returns where to go on. */
static const char *unescape(const char *p, const char *end, Buf *out)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	char c = *p++;
	const char *known = memchr(from, c, sizeof from - 1);
	if (known) {
		buf_put_u8(out, (uint8_t)to[known - from]);
		return p;
	}
	if (c >= '0' && c <= '7') {
		int v = c - '0';
		for (int i = 0; i < 2 && p < end && *p >= '0' && *p <= '7'; i++)
			v = v * 8 + (*p++ - '0');
		buf_put_u8(out, (uint8_t)v);
		return p;
	}
	if (c == 'x' && p < end && hex_digit(*p) >= 0) {
		int v = hex_digit(*p++);
		if (p < end && hex_digit(*p) >= 0)
			v = v * 16 + hex_digit(*p++);
		buf_put_u8(out, (uint8_t)v);
		return p;
	}
	buf_put_u8(out, (uint8_t)c);
	return p;
}

int copy_split_text(const CopyOptions *o, Str line, CopyFields *out, Error *err)
{
	const char *p = line.p, *end = p + line.n;
	size_t null_len = strlen(o->null_text);
	clear(out);
	for (;;) {
		const char *raw = p;
		size_t at = out->text.len;
		while (p < end && *p != o->delimiter) {
			if (*p == '\\' && p + 1 < end) {
				p = unescape(p + 1, end, &out->text);
				continue;
			}
			const char *run = p++;
			while (p < end && *p != o->delimiter && *p != '\\')
				p++;
			buf_put(&out->text, run, (size_t)(p - run));
		}
		add(out, at, (size_t)(p - raw) == null_len && memcmp(raw, o->null_text, null_len) == 0, false);
		if (p == end)
			return 0;
		p++;
	}
}

int copy_split_csv(const CopyOptions *o, Str line, CopyFields *out, Error *err)
{
	const char *p = line.p, *end = p + line.n;
	clear(out);
	for (;;) {
		size_t at = out->text.len;
		bool quoted = false, inside = false;
		for (; p < end && (inside || *p != o->delimiter); p++) {
			if (inside && *p == o->escape && p + 1 < end && (p[1] == o->escape || p[1] == o->quote)) {
				buf_put_u8(&out->text, (uint8_t) * ++p);
			} else if (*p == o->quote) {
				inside = !inside;
				quoted = true;
			} else {
				buf_put_u8(&out->text, (uint8_t)*p);
			}
		}
		if (inside)
			return err_set(err, "22P04", "unterminated CSV quoted field");
		size_t n = out->text.len - at;
		bool is_null = !quoted && n == strlen(o->null_text) && memcmp(out->text.data + at, o->null_text, n) == 0;
		add(out, at, is_null, quoted);
		if (p == end)
			return 0;
		p++;
	}
}
