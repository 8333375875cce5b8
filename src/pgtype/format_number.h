/* Number templates, shared by the files that print and read numbers by them. */
#ifndef US_PGTYPE_FORMAT_NUMBER_H
#define US_PGTYPE_FORMAT_NUMBER_H

#include "pgtype/format_template.h"

typedef enum {
	FN_COMMA,
	FN_POINT,
	FN_ZERO,
	FN_NINE,
	FN_BLANK,
	FN_CURRENCY_CODE,
	FN_LOCALE_POINT,
	FN_EXPONENT,
	FN_FILL,
	FN_GROUP,
	FN_CURRENCY,
	FN_MI,
	FN_PL,
	FN_PR,
	FN_ROMAN,
	FN_ROMAN_LOW,
	FN_SG,
	FN_SP,
	FN_SIGN,
	FN_TH,
	FN_TH_LOW,
	FN_SHIFT
} FormatNumberId;

enum {
	NF_DECIMAL = 1,
	NF_ZERO = 2,
	NF_BLANK = 4,
	NF_FILL = 8,
	NF_SIGN = 16,
	NF_BRACKET = 32,
	NF_MINUS = 64,
	NF_PLUS = 128,
	NF_ROMAN = 256,
	NF_SHIFT = 512,
	NF_EXPONENT = 1024
};
typedef enum { SIGN_NOWHERE, SIGN_BEFORE, SIGN_AFTER } FormatSignPlace;

/* What the fields of a template add up to. */
typedef struct FormatNumber {
	const FormatNode *nodes;
	size_t n;
	unsigned flags;
	int pre, post;	/* digits before and after the point */
	int shift;	/* digits after V */
	int zero_start; /* position of the first 0, from 1; 0 = none */
	int zero_end;
	FormatSignPlace sign;
	int digits_before_sign;
} FormatNumber;

/* 42601 for fields that do not go together. */
int format_number_template(Str tpl, Arena *a, FormatNumber *out, Error *err);
/* Prints the digits `number` (NUL-terminated, no sign, with a point where the template has one) by the template. `spaces` is how many
 * places before the point stay empty. 22P02 for TH after what is no number. */
int format_number_print(const FormatNumber *f, const char *number, int spaces, char sign, Buf *out, Error *err);

#endif
