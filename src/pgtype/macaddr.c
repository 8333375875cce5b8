#include "pgtype/macaddr.h"
#include "pgtype/family.h"

#include <ctype.h>
#include <stdio.h>

int mac_parse(Str text, uint8_t out[MAC_BYTES], Error *err)
{
	static const char *const forms[] = { "%x:%x:%x:%x:%x:%x%1s",   "%x-%x-%x-%x-%x-%x%1s",	  "%2x%2x%2x:%2x%2x%2x%1s",
					     "%2x%2x%2x-%2x%2x%2x%1s", "%2x%2x.%2x%2x.%2x%2x%1s", "%2x%2x-%2x%2x-%2x%2x%1s",
					     "%2x%2x%2x%2x%2x%2x%1s" };
	char *s = mem_strndup(text.p, text.n), rest[2];
	unsigned v[MAC_BYTES];
	int found = 0;
	for (size_t i = 0; i < ARRAY_LEN(forms) && found != MAC_BYTES; i++)
		found = sscanf(s, forms[i], &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], rest);
	free(s);
	if (found != MAC_BYTES)
		return family_bad_text(err, "macaddr", text);
	for (int i = 0; i < MAC_BYTES; i++) {
		if (v[i] > 255)
			return err_set(err, "22003", "invalid octet value in \"macaddr\" value: \"%.*s\"", STR_ARG(text));
		out[i] = (uint8_t)v[i];
	}
	return 0;
}

static int hex_of(char c)
{
	return !isxdigit((unsigned char)c) ? -1 : c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Pairs of digits, each followed by the same separator or by none. Blanks may end an address of six or eight bytes. */
static int read_pairs(Str s, uint8_t *out)
{
	int n = 0;
	char separator = 0;
	size_t at = 0;
	while (at < s.n && isspace((unsigned char)s.p[at]))
		at++;
	while (at + 1 < s.n) {
		int hi = hex_of(s.p[at]), lo = hex_of(s.p[at + 1]);
		if (hi < 0 || lo < 0 || n >= MAC8_BYTES)
			return -1;
		out[n++] = (uint8_t)(hi << 4 | lo);
		at += 2;
		if (at < s.n && (s.p[at] == ':' || s.p[at] == '-' || s.p[at] == '.')) {
			if (separator && separator != s.p[at])
				return -1;
			separator = s.p[at++];
		}
		if ((n == MAC_BYTES || n == MAC8_BYTES) && at < s.n && isspace((unsigned char)s.p[at])) {
			while (at < s.n && isspace((unsigned char)s.p[at]))
				at++;
			if (at < s.n)
				return -1;
		}
	}
	return n;
}

int mac8_parse(Str text, uint8_t out[MAC8_BYTES], Error *err)
{
	int n = read_pairs(text, out);
	if (n != MAC_BYTES && n != MAC8_BYTES)
		return family_bad_text(err, "macaddr8", text);
	if (n == MAC_BYTES) {
		memmove(out + 5, out + 3, 3);
		out[3] = 0xff;
		out[4] = 0xfe;
	}
	return 0;
}

size_t mac_read(Str text, uint8_t *out)
{
	size_t n = 0;
	for (size_t at = 0; at + 1 < text.n && n < MAC8_BYTES; at += 3)
		out[n++] = (uint8_t)((hex_of(text.p[at]) & 15) << 4 | (hex_of(text.p[at + 1]) & 15));
	return n;
}

void mac_print(const uint8_t *mac, size_t n, Buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, i ? ":%02x" : "%02x", mac[i]);
}

static Val mac_val(const uint8_t *mac, size_t n, Arena *a)
{
	Buf b = { 0 };
	mac_print(mac, n, &b);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int mac_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint8_t mac[MAC_BYTES];
	if (mac_parse(text, mac, err))
		return -1;
	*out = mac_val(mac, sizeof mac, a);
	return 0;
}

static int mac8_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint8_t mac[MAC8_BYTES];
	if (mac8_parse(text, mac, err))
		return -1;
	*out = mac_val(mac, sizeof mac, a);
	return 0;
}

static int mac_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, MAC_BYTES, err))
		return -1;
	*out = mac_val((const uint8_t *)bytes.p, MAC_BYTES, a);
	return 0;
}

static int mac8_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint8_t mac[MAC8_BYTES] = { [3] = 0xff, [4] = 0xfe };
	if (bytes.n != MAC_BYTES && family_check_length(bytes, MAC8_BYTES, err))
		return -1;
	memcpy(mac, bytes.p, bytes.n == MAC_BYTES ? 3 : MAC8_BYTES);
	if (bytes.n == MAC_BYTES)
		memcpy(mac + 5, bytes.p + 3, 3);
	*out = mac_val(mac, sizeof mac, a);
	return 0;
}

static int mac_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	uint8_t mac[MAC8_BYTES];
	size_t n = mac_read(v->s, mac);
	buf_put(out, mac, n);
	return 0;
}

const TypeFamily family_macaddr = { mac_in, family_text_out, mac_recv, mac_send, family_text_compare, NULL, "TEXT", NULL };
const TypeFamily family_macaddr8 = { mac8_in, family_text_out, mac8_recv, mac_send, family_text_compare, NULL, "TEXT", NULL };
