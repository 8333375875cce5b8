#include "pgtype/inet.h"
#include "pgtype/family.h"

enum { WORDS = 8, WIRE_V4 = 2, WIRE_V6 = 3, WIRE_HEADER = 4, OID_CIDR = 650 };

void inet_read(Str text, Inet *out)
{
	Error scratch = { 0 };
	if (inet_parse(text, false, out, &scratch))
		*out = (Inet){ 0 };
}

static void print_octets(const uint8_t *p, size_t n, Buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, i ? ".%u" : "%u", p[i]);
}

static unsigned word_at(const Inet *x, int i)
{
	return (unsigned)x->addr[2 * i] << 8 | x->addr[2 * i + 1];
}

/* The first longest run of at least two words that are 0. */
static void zero_run(const Inet *x, int *start, int *len)
{
	*start = -1;
	*len = 0;
	for (int i = 0; i < WORDS; i++) {
		int n = 0;
		while (i + n < WORDS && word_at(x, i + n) == 0)
			n++;
		if (n >= 2 && n > *len) {
			*start = i;
			*len = n;
		}
		i += n;
	}
}

static void print_v6(const Inet *x, Buf *out)
{
	int start, len;
	zero_run(x, &start, &len);
	bool v4 = start == 0 && (len == 6 || (len == 5 && word_at(x, 5) == 0xffff));
	for (int i = 0; i < WORDS; i++) {
		if (i == start) {
			buf_puts(out, ":");
			i += len - 1;
			if (i == WORDS - 1)
				buf_puts(out, ":");
			continue;
		}
		buf_puts(out, i ? ":" : "");
		if (v4 && i == 6) {
			print_octets(x->addr + 12, 4, out);
			return;
		}
		buf_printf(out, "%x", word_at(x, i));
	}
}

void inet_print_host(const Inet *x, Buf *out)
{
	if (x->v6)
		print_v6(x, out);
	else
		print_octets(x->addr, 4, out);
}

void inet_print(const Inet *x, bool cidr, Buf *out)
{
	inet_print_host(x, out);
	if (cidr || x->bits != inet_max_bits(x))
		buf_printf(out, "/%d", x->bits);
}

/* The words of the network, zeros cut as in the address; what a run of zeros follows on keeps its length. */
static void abbrev_v6(const Inet *x, Buf *out)
{
	int words = (x->bits + 15) / 16, start = 0, len = 0, run = 0, run_start = 0;
	if (words == 1)
		words = 2;
	for (int i = 0; i <= words; i++) {
		if (i < words && word_at(x, i) == 0) {
			if (!run++)
				run_start = i;
		} else if (run > len) {
			start = run_start;
			len = run;
			run = 0;
		}
	}
	bool v4 = len != words && len && start == 0 &&
		  (len == 6 || (len == 5 && word_at(x, 5) == 0xffff) || (len == 7 && x->addr[14] != 0 && x->addr[15] != 1));
	size_t begin = out->len;
	for (int i = 0; i < words; i++) {
		if (len && i >= start && i < start + len) {
			buf_puts(out, i == start ? ":" : "");
			buf_puts(out, i == words - 1 ? ":" : "");
		} else if (v4 && i > 5) {
			buf_printf(out, "%c%u", i == 6 ? ':' : '.', x->addr[2 * i]);
			if (i != 7 || x->bits > 120)
				buf_printf(out, ".%u", x->addr[2 * i + 1]);
		} else {
			buf_printf(out, out->len > begin ? ":%x" : "%x", word_at(x, i));
		}
	}
}

void inet_print_abbrev(const Inet *x, Buf *out)
{
	if (x->v6 && x->bits)
		abbrev_v6(x, out);
	else if (x->v6)
		buf_puts(out, "::");
	else if (x->bits)
		print_octets(x->addr, ((size_t)x->bits + 7) / 8, out);
	else
		buf_puts(out, "0");
	buf_printf(out, "/%d", x->bits);
}

bool inet_same_bits(const Inet *x, const Inet *y, int bits)
{
	int whole = bits / 8, rest = bits % 8;
	if (memcmp(x->addr, y->addr, (size_t)whole) != 0)
		return false;
	return !rest || ((x->addr[whole] ^ y->addr[whole]) >> (8 - rest)) == 0;
}

/* The networks decide, then their lengths, then the whole addresses. */
int inet_compare(const Inet *x, const Inet *y)
{
	if (x->v6 != y->v6)
		return x->v6 ? 1 : -1;
	int order = memcmp(x->addr, y->addr, sizeof x->addr);
	if (!inet_same_bits(x, y, x->bits < y->bits ? x->bits : y->bits) || x->bits == y->bits)
		return order;
	return x->bits < y->bits ? -1 : 1;
}

void inet_fill(Inet *x, int bits, bool ones)
{
	for (int i = bits; i < inet_max_bits(x); i++) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);
		x->addr[i / 8] = (uint8_t)(ones ? x->addr[i / 8] | mask : x->addr[i / 8] & ~mask);
	}
}

static unsigned __int128 number_of(const Inet *x)
{
	unsigned __int128 v = 0;
	for (size_t i = 0; i < inet_bytes(x); i++)
		v = v << 8 | x->addr[i];
	return v;
}

static int out_of_range(Error *err)
{
	return err_set(err, "22003", "result is out of range");
}

int inet_add(const Inet *x, int64_t n, Inet *out, Error *err)
{
	unsigned __int128 v = number_of(x), by = n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, sum = n < 0 ? v - by : v + by;
	if (n < 0 ? by > v : sum < v || (!x->v6 && sum >> 32))
		return out_of_range(err);
	*out = *x;
	for (size_t i = inet_bytes(x); i-- > 0; sum >>= 8)
		out->addr[i] = (uint8_t)sum;
	return 0;
}

int inet_subtract(const Inet *x, const Inet *y, int64_t *out, Error *err)
{
	if (x->v6 != y->v6)
		return err_set(err, "22023", "cannot subtract inet values of different sizes");
	unsigned __int128 a = number_of(x), b = number_of(y), d = a < b ? b - a : a - b;
	if (d > (unsigned __int128)INT64_MAX + (a < b))
		return out_of_range(err);
	*out = a < b ? (int64_t)(0 - (uint64_t)d) : (int64_t)d;
	return 0;
}

static int inet_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Inet x;
	Buf b = { 0 };
	if (inet_parse(text, t->oid == OID_CIDR, &x, err))
		return -1;
	inet_print(&x, t->oid == OID_CIDR, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return 0;
}

/* A cidr that became an inet may have been stored with its full length. */
static int inet_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	Inet x;
	inet_read(v->s, &x);
	inet_print(&x, t->oid == OID_CIDR, out);
	return 0;
}

static int bad_wire(const PgType *t, const char *what, Error *err)
{
	return err_set(err, "22P03", "invalid %s in external \"%s\" value", what, t->name);
}

static int inet_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (bytes.n < WIRE_HEADER)
		return family_check_length(bytes, WIRE_HEADER, err);
	const uint8_t *p = (const uint8_t *)bytes.p;
	Inet x = { .v6 = p[0] == WIRE_V6, .bits = p[1] };
	if (p[0] != WIRE_V4 && p[0] != WIRE_V6)
		return bad_wire(t, "address family", err);
	if (x.bits > inet_max_bits(&x))
		return bad_wire(t, "bits", err);
	if (p[3] != inet_bytes(&x) || bytes.n != WIRE_HEADER + inet_bytes(&x))
		return bad_wire(t, "length", err);
	memcpy(x.addr, p + WIRE_HEADER, inet_bytes(&x));
	Inet network = x;
	inet_fill(&network, x.bits, false);
	if (t->oid == OID_CIDR && memcmp(network.addr, x.addr, sizeof x.addr) != 0) {
		err_set(err, "22P03", "invalid external \"cidr\" value");
		return err_detail(err, "Value has bits set to right of mask.");
	}
	Buf b = { 0 };
	inet_print(&x, t->oid == OID_CIDR, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return 0;
}

static int inet_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	Inet x;
	inet_read(v->s, &x);
	buf_put_u8(out, x.v6 ? WIRE_V6 : WIRE_V4);
	buf_put_u8(out, (uint8_t)x.bits);
	buf_put_u8(out, t->oid == OID_CIDR);
	buf_put_u8(out, (uint8_t)inet_bytes(&x));
	buf_put(out, x.addr, inet_bytes(&x));
	return 0;
}

static int inet_compare_vals(const PgType *t, const Val *x, const Val *y)
{
	Inet a, b;
	inet_read(x->s, &a);
	inet_read(y->s, &b);
	return inet_compare(&a, &b);
}

const TypeFamily family_inet = { inet_in, inet_out, inet_recv, inet_send, inet_compare_vals, NULL, "TEXT", "pginet" };
