#include "pgtype/format_template.h"

static bool starts(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

static const FormatKey *key_at(const char *p, const char *end, const FormatKey *keys)
{
	for (const FormatKey *k = keys; p < end && k->name; k++)
		if (starts(p, end, k->name))
			return k;
	return NULL;
}

static const char *skip_modifier(const char *p, const char *end, bool before, unsigned *flags)
{
	static const struct {
		const char *word;
		unsigned flag;
		bool before;
	} modifiers[] = {
		{ "FM", FORMAT_FM, true },	  { "fm", FORMAT_FM, true },	    { "TM", FORMAT_TM, true }, { "tm", FORMAT_TM, true },
		{ "TH", FORMAT_TH_UPPER, false }, { "th", FORMAT_TH_LOWER, false }, { "SP", 0, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(modifiers); i++) {
		if (modifiers[i].before == before && starts(p, end, modifiers[i].word)) {
			*flags |= modifiers[i].flag;
			return p + 2;
		}
	}
	return p;
}

static size_t char_length(const char *p, const char *end)
{
	size_t n = 1;
	while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static bool is_separator(char c)
{
	return c > 0x20 && c < 0x7F && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9');
}

static const char *add_text(FormatNode *node, FormatKind kind, const char *p, const char *end)
{
	size_t n = char_length(p, end);
	*node = (FormatNode){ .kind = kind, .text = { p, n } };
	return p + n;
}

static const char *add_quoted(FormatNode *nodes, size_t *n, const char *p, const char *end)
{
	while (p < end) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && p + 1 < end)
			p++;
		p = add_text(&nodes[(*n)++], FORMAT_TEXT, p, end);
	}
	return p;
}

FormatNode *format_split(Str tpl, const FormatKey *keys, bool dates, Arena *a, size_t *n)
{
	const char *p = tpl.p, *end = tpl.p + tpl.n;
	FormatNode *nodes = arena_array(a, FormatNode, tpl.n + 1);
	*n = 0;
	while (p < end) {
		unsigned flags = 0;
		if (dates)
			p = skip_modifier(p, end, true, &flags);
		const FormatKey *key = key_at(p, end, keys);
		if (key) {
			p += strlen(key->name);
			if (dates)
				p = skip_modifier(p, end, false, &flags);
			nodes[(*n)++] = (FormatNode){ FORMAT_FIELD, flags, key, { NULL, 0 } };
		} else if (p < end && *p == '"') {
			p = add_quoted(nodes, n, p + 1, end);
		} else if (p < end) {
			if (*p == '\\' && p + 1 < end && p[1] == '"')
				p++;
			bool blank = *p == ' ' || (*p >= '\t' && *p <= '\r');
			p = add_text(&nodes[(*n)++],
				     dates && is_separator(*p) ? FORMAT_SEPARATOR
				     : blank		       ? FORMAT_SPACE
							       : FORMAT_TEXT,
				     p, end);
		}
	}
	return nodes;
}

void format_ordinal(Buf *out, bool upper)
{
	static const char *const endings[][2] = { { "th", "TH" }, { "st", "ST" }, { "nd", "ND" }, { "rd", "RD" } };
	const uint8_t *d = out->data;
	size_t n = out->len;
	unsigned last = n ? d[n - 1] - (unsigned)'0' : 0;
	bool teen = n > 1 && d[n - 2] == '1';
	buf_puts(out, endings[teen || last > 3 ? 0 : last][upper]);
}
