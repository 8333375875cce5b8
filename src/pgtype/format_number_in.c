/* to_number: the digits that stand where the template has places for them. */
#include "pgtype/format_number.h"

#include <ctype.h>

typedef struct Scan {
	const FormatNumber *f;
	const char *p, *end;
	char sign; /* ' ' until one is read */
	Buf digits;
	int pre, post;
	bool point;
} Scan;

static bool at_end(const Scan *s)
{
	return s->p >= s->end;
}

static void next_char(Scan *s)
{
	s->p++;
	while (s->p < s->end && ((unsigned char)*s->p & 0xC0) == 0x80)
		s->p++;
}

/* Skips n characters, but none that could be part of the number. */
static void skip_other(Scan *s, int n)
{
	while (n-- > 0 && !at_end(s) && !strchr("0123456789.,+-", *s->p))
		next_char(s);
}

static void leading_sign(Scan *s)
{
	unsigned flags = s->f->flags;
	if (flags & NF_SIGN && s->f->sign == SIGN_BEFORE) {
		if (*s->p == '-' || *s->p == '+')
			s->sign = *s->p++;
	} else if (*s->p == '-' || (flags & NF_BRACKET && *s->p == '<')) {
		s->sign = '-';
		s->p++;
	} else if (*s->p == '+') {
		s->sign = '+';
		s->p++;
	}
}

/* A sign after the last digit. The caller steps over one character. */
static void trailing_sign(Scan *s, bool took)
{
	unsigned flags = s->f->flags;
	if (flags & NF_SIGN && took && s->p + 1 < s->end && !isdigit((unsigned char)s->p[1])) {
		if (s->p[1] == '-' || s->p[1] == '+')
			s->sign = *++s->p;
	} else if (!took && !(flags & NF_SIGN) && flags & (NF_PLUS | NF_MINUS) && (*s->p == '-' || *s->p == '+')) {
		s->sign = *s->p;
	}
}

static void read_place(Scan *s, int id)
{
	bool took = false;
	if (!at_end(s) && *s->p == ' ')
		s->p++;
	if (at_end(s))
		return;
	if (s->sign == ' ' && (id == FN_ZERO || id == FN_NINE) && s->pre + s->post == 0)
		leading_sign(s);
	if (at_end(s))
		return;
	if (isdigit((unsigned char)*s->p)) {
		if (s->point && s->post == s->f->post)
			return;
		buf_put_u8(&s->digits, (uint8_t)*s->p);
		if (s->point)
			s->post++;
		else
			s->pre++;
		took = true;
	} else if (s->f->flags & NF_DECIMAL && !s->point && *s->p == '.') {
		buf_put_u8(&s->digits, '.');
		s->point = took = true;
	}
	if (s->sign == ' ' && s->pre + s->post > 0)
		trailing_sign(s, took);
}

/* False when the field leaves the input where it is. */
static bool read_field(Scan *s, int id)
{
	bool fill = s->f->flags & NF_FILL;
	switch (id) {
	case FN_NINE:
	case FN_ZERO:
	case FN_POINT:
	case FN_LOCALE_POINT:
		read_place(s, id);
		return true;
	case FN_COMMA:
	case FN_GROUP:
		return !fill && *s->p == ',';
	case FN_CURRENCY:
		skip_other(s, 1);
		return false;
	case FN_TH:
	case FN_TH_LOW:
		if (!(s->f->flags & (NF_ROMAN | NF_DECIMAL)) && s->sign != '-')
			skip_other(s, 2);
		return false;
	case FN_MI:
	case FN_PL:
	case FN_SG:
		if ((*s->p == '-' && id != FN_PL) || (*s->p == '+' && id != FN_MI)) {
			s->sign = *s->p;
			return true;
		}
		skip_other(s, 1);
		return false;
	default:
		return false;
	}
}

/* V moved the point to the right: it goes back by as many digits. PostgreSQL multiplies by a power of ten that has 16 digits after its
 * point, so that nothing is left of a shift by more. */
static void shift_back(Numeric *n, int shift)
{
	enum { DIGITS = 16 };
	if (n->kind != NUM_FINITE)
		return;
	n->scale += shift;
	if (shift > DIGITS)
		mpz_set_ui(n->coef, 0);
	numeric_rescale(n, n->scale - shift + DIGITS, true);
}

int format_parse_number(Str text, Str tpl, Arena *a, Numeric *out, Error *err)
{
	FormatNumber f;
	if (format_number_template(tpl, a, &f, err) < 0)
		return -1;
	if (f.flags & NF_EXPONENT)
		return err_set(err, "0A000", "\"EEEE\" not supported for input");
	if (f.flags & NF_ROMAN)
		return err_set(err, "0A000", "\"RN\" not supported for input");
	_cleanup_(buf_free) Buf whole = { 0 };
	Scan s = { .f = &f, .p = text.p, .end = text.p + text.n, .sign = ' ' };
	for (size_t i = 0; i < f.n && !at_end(&s); i++) {
		if (f.nodes[i].kind != FORMAT_FIELD)
			next_char(&s);
		else if (read_field(&s, f.nodes[i].key->id))
			s.p++;
	}
	if (s.digits.len && s.digits.data[s.digits.len - 1] == '.')
		s.digits.len--;
	buf_put_u8(&whole, (uint8_t)s.sign);
	buf_put_str(&whole, buf_str(&s.digits));
	buf_free(&s.digits);
	int scale = s.post, precision = f.pre + f.shift + scale;
	if (numeric_parse(buf_str(&whole), out, err) < 0 ||
	    numeric_apply_typmod(out, (int32_t)((((uint32_t)precision << 16) | (uint32_t)scale) + 4), err) < 0)
		return -1;
	if (f.flags & NF_SHIFT)
		shift_back(out, f.shift);
	return 0;
}
