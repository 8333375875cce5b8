#include "pgtype/format_number.h"

static const FormatKey keys[] = {
	{ ",", FN_COMMA, false, 0 },
	{ ".", FN_POINT, false, 0 },
	{ "0", FN_ZERO, false, 0 },
	{ "9", FN_NINE, false, 0 },
	{ "B", FN_BLANK, false, 0 },
	{ "C", FN_CURRENCY_CODE, false, 0 },
	{ "D", FN_LOCALE_POINT, false, 0 },
	{ "EEEE", FN_EXPONENT, false, 0 },
	{ "FM", FN_FILL, false, 0 },
	{ "G", FN_GROUP, false, 0 },
	{ "L", FN_CURRENCY, false, 0 },
	{ "MI", FN_MI, false, 0 },
	{ "PL", FN_PL, false, 0 },
	{ "PR", FN_PR, false, 0 },
	{ "RN", FN_ROMAN, false, 0 },
	{ "SG", FN_SG, false, 0 },
	{ "SP", FN_SP, false, 0 },
	{ "S", FN_SIGN, false, 0 },
	{ "TH", FN_TH, false, 0 },
	{ "V", FN_SHIFT, false, 0 },
	{ "b", FN_BLANK, false, 0 },
	{ "c", FN_CURRENCY_CODE, false, 0 },
	{ "d", FN_LOCALE_POINT, false, 0 },
	{ "eeee", FN_EXPONENT, false, 0 },
	{ "fm", FN_FILL, false, 0 },
	{ "g", FN_GROUP, false, 0 },
	{ "l", FN_CURRENCY, false, 0 },
	{ "mi", FN_MI, false, 0 },
	{ "pl", FN_PL, false, 0 },
	{ "pr", FN_PR, false, 0 },
	{ "rn", FN_ROMAN_LOW, false, 0 },
	{ "sg", FN_SG, false, 0 },
	{ "sp", FN_SP, false, 0 },
	{ "s", FN_SIGN, false, 0 },
	{ "th", FN_TH_LOW, false, 0 },
	{ "v", FN_SHIFT, false, 0 },
	{ 0 },
};

static int refuse(Error *err, const char *why)
{
	return err_set(err, "42601", "%s", why);
}

static int add_nine(FormatNumber *f, Error *err)
{
	if (f->flags & NF_BRACKET)
		return refuse(err, "\"9\" must be ahead of \"PR\"");
	if (f->flags & NF_SHIFT)
		f->shift++;
	else if (f->flags & NF_DECIMAL)
		f->post++;
	else
		f->pre++;
	return 0;
}

static int add_zero(FormatNumber *f, Error *err)
{
	if (f->flags & NF_BRACKET)
		return refuse(err, "\"0\" must be ahead of \"PR\"");
	if (!(f->flags & (NF_ZERO | NF_DECIMAL))) {
		f->flags |= NF_ZERO;
		f->zero_start = f->pre + 1;
	}
	if (f->flags & NF_DECIMAL)
		f->post++;
	else
		f->pre++;
	f->zero_end = f->pre + f->post;
	return 0;
}

static int add_point(FormatNumber *f, Error *err)
{
	if (f->flags & NF_DECIMAL)
		return refuse(err, "multiple decimal points");
	if (f->flags & NF_SHIFT)
		return refuse(err, "cannot use \"V\" and decimal point together");
	f->flags |= NF_DECIMAL;
	return 0;
}

static int add_sign(FormatNumber *f, Error *err)
{
	if (f->flags & NF_SIGN)
		return refuse(err, "cannot use \"S\" twice");
	if (f->flags & (NF_PLUS | NF_MINUS | NF_BRACKET))
		return refuse(err, "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
	f->flags |= NF_SIGN;
	f->sign = f->flags & NF_DECIMAL ? SIGN_AFTER : SIGN_BEFORE;
	f->digits_before_sign = f->pre;
	return 0;
}

static int add_exponent(FormatNumber *f, Error *err)
{
	if (f->flags & (NF_BLANK | NF_FILL | NF_SIGN | NF_BRACKET | NF_MINUS | NF_PLUS | NF_ROMAN | NF_SHIFT)) {
		refuse(err, "\"EEEE\" is incompatible with other formats");
		return err_detail(err, "\"EEEE\" may only be used together with digit and decimal point patterns.");
	}
	f->flags |= NF_EXPONENT;
	return 0;
}

/* MI, PL and SG stand where they are written, which S cannot share. */
static int add_own_sign(FormatNumber *f, unsigned flags, const char *refusal, Error *err)
{
	if (f->flags & NF_SIGN)
		return refuse(err, refusal);
	f->flags |= flags;
	return 0;
}

static int add_field(FormatNumber *f, int id, Error *err)
{
	if (f->flags & NF_EXPONENT)
		return refuse(err, id == FN_EXPONENT ? "cannot use \"EEEE\" twice" : "\"EEEE\" must be the last pattern used");
	switch (id) {
	case FN_NINE:
		return add_nine(f, err);
	case FN_ZERO:
		return add_zero(f, err);
	case FN_BLANK:
		if (f->pre == 0 && f->post == 0 && !(f->flags & NF_ZERO))
			f->flags |= NF_BLANK;
		return 0;
	case FN_POINT:
	case FN_LOCALE_POINT:
		return add_point(f, err);
	case FN_FILL:
		f->flags |= NF_FILL;
		return 0;
	case FN_SIGN:
		return add_sign(f, err);
	case FN_MI:
		return add_own_sign(f, NF_MINUS, "cannot use \"S\" and \"MI\" together", err);
	case FN_PL:
		return add_own_sign(f, NF_PLUS, "cannot use \"S\" and \"PL\" together", err);
	case FN_SG:
		return add_own_sign(f, NF_MINUS | NF_PLUS, "cannot use \"S\" and \"SG\" together", err);
	case FN_PR:
		if (f->flags & (NF_SIGN | NF_PLUS | NF_MINUS))
			return refuse(err, "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
		f->flags |= NF_BRACKET;
		return 0;
	case FN_ROMAN:
	case FN_ROMAN_LOW:
		f->flags |= NF_ROMAN;
		return 0;
	case FN_SHIFT:
		if (f->flags & NF_DECIMAL)
			return refuse(err, "cannot use \"V\" and decimal point together");
		f->flags |= NF_SHIFT;
		return 0;
	case FN_EXPONENT:
		return add_exponent(f, err);
	default:
		return 0;
	}
}

int format_number_template(Str tpl, Arena *a, FormatNumber *f, Error *err)
{
	*f = (FormatNumber){ 0 };
	f->nodes = format_split(tpl, keys, false, a, &f->n);
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].kind == FORMAT_FIELD && add_field(f, f->nodes[i].key->id, err) < 0)
			return -1;
	return 0;
}
