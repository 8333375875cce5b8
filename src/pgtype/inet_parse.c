/* Reading inet and cidr. */
#include "pgtype/inet.h"

typedef struct Reader {
	const char *p, *end;
} Reader;

static char peek(const Reader *r)
{
	return r->p < r->end ? *r->p : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_of(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A decimal number up to `most`. IPv6's parts have no leading zeros. */
static bool read_number(Reader *r, int most, bool zeros, int *out)
{
	const char *start = r->p;
	int v = 0;
	for (; is_digit(peek(r)); r->p++) {
		if (!zeros && r->p > start && v == 0)
			return false;
		v = v * 10 + (*r->p - '0');
		if (v > most)
			return false;
	}
	*out = v;
	return r->p > start;
}

/* "/bits" up to the end; -1 when there is none. */
static bool read_bits(Reader *r, int most, bool zeros, int *bits)
{
	*bits = -1;
	if (r->p == r->end)
		return true;
	if (*r->p++ != '/')
		return false;
	return read_number(r, most, zeros, bits) && r->p == r->end;
}

/* Up to four octets with points between; how many there are, -1 when malformed. */
static int read_octets(Reader *r, bool zeros, uint8_t out[4])
{
	for (int n = 0; n < 4;) {
		int v;
		if (!read_number(r, 255, zeros, &v))
			return -1;
		out[n++] = (uint8_t)v;
		if (peek(r) != '.')
			return n;
		r->p++;
	}
	return -1;
}

/* cidr alone knows 0x and hexadecimal digits; an odd last one is the upper half of its octet. */
static int read_hex_octets(Reader *r, uint8_t out[4])
{
	int digits = 0;
	for (int v; (v = hex_of(peek(r))) >= 0; r->p++, digits++) {
		if (digits >= 8)
			return -1;
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | v : v << 4);
	}
	return (digits + 1) / 2;
}

/* The length that a network had by its class, and at least the octets that were written. */
static int class_bits(uint8_t first, int octets)
{
	int bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
	if (bits < octets * 8)
		bits = octets * 8;
	return bits == 8 && first == 224 ? 4 : bits;
}

static bool parse_v4(Reader r, bool cidr, Inet *out)
{
	bool hex = cidr && r.end - r.p > 2 && r.p[0] == '0' && (r.p[1] | 0x20) == 'x' && hex_of(r.p[2]) >= 0;
	if (hex)
		r.p += 2;
	int octets = hex ? read_hex_octets(&r, out->addr) : read_octets(&r, true, out->addr);
	if (octets < 0 || !read_bits(&r, 32, true, &out->bits))
		return false;
	if (out->bits >= 0)
		return cidr || out->bits / 8 <= octets;
	if (!cidr && octets < 4)
		return false;
	out->bits = cidr ? class_bits(out->addr[0], octets) : 32;
	return true;
}

/* The groups of an IPv6 address before its length. `gap` is where :: stands, -1 when nowhere. */
static bool read_groups(Reader *r, uint8_t addr[16], size_t *n, int *gap)
{
	*n = 0;
	*gap = -1;
	if (peek(r) == ':') {
		r->p++;
		if (peek(r) != ':')
			return false;
	}
	while (r->p < r->end && *r->p != '/') {
		if (*r->p == ':') {
			if (*gap >= 0)
				return false;
			*gap = (int)*n;
			r->p++;
			continue;
		}
		const char *start = r->p;
		unsigned v = 0;
		for (int h; (h = hex_of(peek(r))) >= 0; r->p++)
			v = v << 4 | (unsigned)h;
		if (peek(r) == '.' && *n + 4 <= 16) {
			r->p = start;
			*n += 4;
			return read_octets(r, false, addr + *n - 4) == 4;
		}
		if (r->p == start || r->p - start > 4 || *n + 2 > 16)
			return false;
		addr[(*n)++] = (uint8_t)(v >> 8);
		addr[(*n)++] = (uint8_t)v;
		if (peek(r) == ':' && (++r->p == r->end))
			return false;
	}
	return true;
}

static bool parse_v6(Reader r, Inet *out)
{
	size_t n;
	int gap;
	if (!read_groups(&r, out->addr, &n, &gap) || !read_bits(&r, 128, false, &out->bits))
		return false;
	if (out->bits < 0)
		out->bits = 128;
	if (gap < 0)
		return n == 16;
	if (n == 16)
		return false;
	size_t tail = n - (size_t)gap;
	memmove(out->addr + 16 - tail, out->addr + gap, tail);
	memset(out->addr + gap, 0, 16 - n);
	return true;
}

int inet_parse(Str text, bool cidr, Inet *out, Error *err)
{
	Reader r = { text.p, text.p + text.n };
	*out = (Inet){ .v6 = text.n && memchr(text.p, ':', text.n) };
	if (!(out->v6 ? parse_v6(r, out) : parse_v4(r, cidr, out)))
		return err_set(err, "22P02", "invalid input syntax for type %s: \"%.*s\"", cidr ? "cidr" : "inet", STR_ARG(text));
	Inet network = *out;
	inet_fill(&network, out->bits, false);
	if (cidr && memcmp(network.addr, out->addr, sizeof network.addr) != 0) {
		err_set(err, "22P02", "invalid cidr value: \"%.*s\"", STR_ARG(text));
		return err_detail(err, "Value has bits set to right of mask.");
	}
	return 0;
}
