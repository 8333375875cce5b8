/* A number's digits set into its template. The rules for signs, blanks and points are PostgreSQL's, with all their corners. */
#include "pgtype/format_number.h"

typedef struct Printer {
	const FormatNumber *f;
	unsigned flags;
	FormatSignPlace sign_place;
	const char *number, *p; /* all digits, and the next one */
	const char *last;	/* last digit of the fraction that FM keeps, or the point; NULL = all are kept */
	char sign;		/* '+', '-', 0 for Roman numbers */
	int spaces, zero_start, count, at;
	bool sign_done, begun;
	size_t end; /* a place beyond the digits ends the text: what comes after is not shown; SIZE_MAX = none yet */
	Buf *out;
} Printer;

static const char *last_kept(const char *number)
{
	const char *p = strchr(number, '.'), *last = p;
	for (; p && *p; p++)
		if (*p != '0')
			last = p;
	return last;
}

static void keep_zeros(Printer *pr)
{
	int end = pr->f->zero_end;
	if (!(pr->flags & NF_FILL) || !(pr->flags & NF_DECIMAL))
		return;
	pr->last = last_kept(pr->number);
	if (!pr->last || end <= pr->spaces)
		return;
	int at = (int)strlen(pr->number) - 1;
	if (at > end - pr->spaces)
		at = end - pr->spaces;
	if (pr->last < pr->number + at)
		pr->last = pr->number + at;
}

static bool fill(const Printer *pr)
{
	return pr->flags & NF_FILL;
}

static void begin(Printer *pr)
{
	if (pr->flags & (NF_PLUS | NF_MINUS)) {
		pr->sign_done = pr->flags & NF_MINUS;
	} else {
		if (pr->sign != '-' && fill(pr))
			pr->flags &= ~(unsigned)NF_BRACKET;
		pr->sign_done = pr->sign == '+' && fill(pr) && !(pr->flags & NF_SIGN);
		if (pr->sign_place == SIGN_BEFORE && pr->f->pre == pr->f->digits_before_sign && !(pr->flags & NF_ROMAN))
			pr->sign_place = SIGN_AFTER;
	}
	keep_zeros(pr);
	if (!pr->sign_done && pr->spaces == 0)
		pr->count++;
}

/* A zero alone before the point is not shown: ' .1' */
static bool is_lone_zero(const Printer *pr)
{
	return !(pr->flags & NF_ZERO) && pr->number == pr->p && *pr->number == '0' && pr->f->post != 0;
}

static void put_sign(Printer *pr)
{
	bool reached = pr->at >= pr->spaces || (pr->flags & NF_ZERO && pr->zero_start == pr->at);
	if (pr->sign_done || !reached || (is_lone_zero(pr) && !(pr->last && *pr->last == '.')))
		return;
	if (pr->flags & NF_SIGN) {
		if (pr->sign_place != SIGN_BEFORE)
			return;
		buf_put_u8(pr->out, pr->sign == '-' ? '-' : '+');
	} else if (pr->flags & NF_BRACKET) {
		buf_put_u8(pr->out, pr->sign == '+' ? ' ' : '<');
	} else if (pr->sign == '-') {
		buf_put_u8(pr->out, '-');
	} else if (!fill(pr)) {
		buf_put_u8(pr->out, ' ');
	}
	pr->sign_done = true;
}

static void put_next_digit(Printer *pr, int id)
{
	if (*pr->p == '.') {
		if (!pr->last || *pr->last != '.' || fill(pr))
			buf_put_u8(pr->out, '.');
	} else if (pr->last && pr->p > pr->last && id != FN_ZERO) {
		; /* a zero at the end, which FM drops */
	} else if (is_lone_zero(pr)) {
		if (!fill(pr))
			buf_put_u8(pr->out, ' ');
		else if (pr->last && *pr->last == '.')
			buf_put_u8(pr->out, '0');
	} else {
		if (*pr->p)
			buf_put_u8(pr->out, (uint8_t)*pr->p);
		else if (pr->end == SIZE_MAX)
			pr->end = pr->out->len;
		pr->begun = true;
	}
	if (*pr->p)
		pr->p++;
}

static void put_closing_sign(Printer *pr)
{
	if (pr->sign_done && pr->flags & NF_BRACKET)
		buf_put_u8(pr->out, pr->sign == '+' ? ' ' : '>');
	else if (pr->flags & NF_SIGN && pr->sign_place == SIGN_AFTER)
		buf_put_u8(pr->out, pr->sign == '-' ? '-' : '+');
}

static void put_place(Printer *pr, int id)
{
	if (pr->flags & NF_ROMAN)
		return;
	pr->begun = false;
	put_sign(pr);
	bool empty = pr->at < pr->spaces;
	if (empty && (!(pr->flags & NF_ZERO) || pr->zero_start > pr->at)) {
		if (!fill(pr))
			buf_put_u8(pr->out, ' ');
	} else if (empty) {
		buf_put_u8(pr->out, '0');
		pr->begun = true;
	} else {
		put_next_digit(pr, id);
	}
	int end = pr->count + (pr->spaces ? 1 : 0) + (pr->flags & NF_DECIMAL ? 1 : 0);
	if (pr->last && pr->last == pr->p)
		end = pr->at;
	if (pr->at + 1 == end)
		put_closing_sign(pr);
	pr->at++;
}

static void put_own_sign(Printer *pr, char want)
{
	if (pr->sign == want)
		buf_put_u8(pr->out, (uint8_t)want);
	else if (!fill(pr))
		buf_put_u8(pr->out, ' ');
}

static void put_roman(Printer *pr, bool upper)
{
	size_t n = strlen(pr->number);
	for (size_t i = n; !fill(pr) && i < 15; i++)
		buf_put_u8(pr->out, ' ');
	for (size_t i = 0; i < n; i++)
		buf_put_u8(pr->out, (uint8_t)(pr->number[i] == '#' || upper ? pr->number[i] : pr->number[i] | 32));
}

static int put_th(Printer *pr, bool upper, Error *err)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (pr->flags & (NF_ROMAN | NF_DECIMAL) || *pr->number == '#' || pr->sign == '-')
		return 0;
	size_t n = strlen(pr->number);
	if (n == 0 || pr->number[n - 1] < '0' || pr->number[n - 1] > '9')
		return err_set(err, "22P02", "\"%s\" is not a number", pr->number);
	buf_puts(&b, pr->number);
	format_ordinal(&b, upper);
	buf_put(pr->out, b.data + b.len - 2, 2);
	return 0;
}

static int put_field(Printer *pr, int id, Error *err)
{
	switch (id) {
	case FN_NINE:
	case FN_ZERO:
	case FN_POINT:
	case FN_LOCALE_POINT:
		put_place(pr, id);
		break;
	case FN_COMMA:
	case FN_GROUP:
		if (pr->begun || !fill(pr))
			buf_put_u8(pr->out, pr->begun ? ',' : ' ');
		break;
	case FN_CURRENCY:
		buf_put_u8(pr->out, ' ');
		break;
	case FN_ROMAN:
	case FN_ROMAN_LOW:
		put_roman(pr, id == FN_ROMAN);
		break;
	case FN_TH:
	case FN_TH_LOW:
		return put_th(pr, id == FN_TH, err);
	case FN_MI:
		put_own_sign(pr, '-');
		break;
	case FN_PL:
		put_own_sign(pr, '+');
		break;
	case FN_SG:
		if (pr->sign)
			buf_put_u8(pr->out, (uint8_t)pr->sign);
		break;
	default:
		break;
	}
	return 0;
}

int format_number_print(const FormatNumber *f, const char *number, int spaces, char sign, Buf *out, Error *err)
{
	Printer pr = { .f = f,
		       .flags = f->flags,
		       .sign_place = f->sign,
		       .number = number,
		       .p = number,
		       .sign = sign,
		       .spaces = spaces,
		       .out = out,
		       .end = SIZE_MAX };
	pr.zero_start = f->zero_start ? f->zero_start - 1 : 0;
	pr.count = f->post + f->pre - 1;
	if (f->flags & NF_EXPONENT) {
		buf_puts(out, number);
		return 0;
	}
	if (f->flags & NF_ROMAN) {
		pr.flags = NF_ROMAN | (f->flags & NF_FILL);
		pr.sign_place = SIGN_NOWHERE;
	}
	begin(&pr);
	for (size_t i = 0; i < f->n; i++) {
		if (f->nodes[i].kind != FORMAT_FIELD)
			buf_put_str(out, f->nodes[i].text);
		else if (put_field(&pr, f->nodes[i].key->id, err) < 0)
			return -1;
	}
	if (pr.end < out->len)
		out->len = pr.end;
	return 0;
}
