/* inet, cidr, macaddr and macaddr8: parts, networks, operators. */
#include "sqlite/fn_text.h"

#include "pgtype/inet.h"
#include "pgtype/macaddr.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

enum { PURE = FN_STRICT | FN_IMMUTABLE };

static Inet arg(sqlite3_value *v)
{
	Inet x;
	inet_read(fn_arg_str(v), &x);
	return x;
}

static void result(sqlite3_context *ctx, const Inet *x, bool cidr)
{
	Buf b = { 0 };
	inet_print(x, cidr, &b);
	fn_result_buf(ctx, &b);
}

static void result_network(sqlite3_context *ctx, Inet x, int bits)
{
	x.bits = bits;
	inet_fill(&x, bits, false);
	result(ctx, &x, true);
}

FN(host)
{
	Inet x = arg(argv[0]);
	Buf b = { 0 };
	inet_print_host(&x, &b);
	fn_result_buf(ctx, &b);
}

FN(show)
{
	Inet x = arg(argv[0]);
	result(ctx, &x, true);
}

FN(abbrev_inet)
{
	Inet x = arg(argv[0]);
	result(ctx, &x, false);
}

FN(abbrev_cidr)
{
	Inet x = arg(argv[0]);
	Buf b = { 0 };
	inet_print_abbrev(&x, &b);
	fn_result_buf(ctx, &b);
}

FN(family)
{
	sqlite3_result_int(ctx, arg(argv[0]).v6 ? 6 : 4);
}

FN(masklen)
{
	sqlite3_result_int(ctx, arg(argv[0]).bits);
}

FN(network)
{
	Inet x = arg(argv[0]);
	result_network(ctx, x, x.bits);
}

FN(broadcast)
{
	Inet x = arg(argv[0]);
	inet_fill(&x, x.bits, true);
	result(ctx, &x, false);
}

static void mask(sqlite3_context *ctx, sqlite3_value *v, bool of_host)
{
	Inet x = arg(v);
	int bits = x.bits;
	x.bits = inet_max_bits(&x);
	inet_fill(&x, 0, !of_host);
	inet_fill(&x, bits, of_host);
	result(ctx, &x, false);
}

FN(netmask)
{
	mask(ctx, argv[0], false);
}

FN(hostmask)
{
	mask(ctx, argv[0], true);
}

/* The length asked for; -1 means all of it, and -2 is returned after an error. */
static int wanted_length(sqlite3_context *ctx, const Inet *x, sqlite3_value *v)
{
	int bits = sqlite3_value_int(v);
	if (bits == -1)
		return inet_max_bits(x);
	if (bits >= 0 && bits <= inet_max_bits(x))
		return bits;
	fn_raise(ctx, "22023", "invalid mask length: %d", bits);
	return -2;
}

FN(set_masklen_inet)
{
	Inet x = arg(argv[0]);
	x.bits = wanted_length(ctx, &x, argv[1]);
	if (x.bits >= 0)
		result(ctx, &x, false);
}

FN(set_masklen_cidr)
{
	Inet x = arg(argv[0]);
	int bits = wanted_length(ctx, &x, argv[1]);
	if (bits >= 0)
		result_network(ctx, x, bits);
}

FN(same_family)
{
	sqlite3_result_int(ctx, arg(argv[0]).v6 == arg(argv[1]).v6);
}

FN(merge)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	if (x.v6 != y.v6) {
		fn_raise(ctx, "22023", "cannot merge addresses from different families");
		return;
	}
	int bits = x.bits < y.bits ? x.bits : y.bits;
	while (!inet_same_bits(&x, &y, bits))
		bits--;
	result_network(ctx, x, bits);
}

/* Whether y's network holds x's. */
static bool within(const Inet *x, const Inet *y, bool or_equal)
{
	return x->v6 == y->v6 && (or_equal ? x->bits >= y->bits : x->bits > y->bits) && inet_same_bits(x, y, y->bits);
}

FN(sub)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	sqlite3_result_int(ctx, within(&x, &y, false));
}

FN(sub_or_equal)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	sqlite3_result_int(ctx, within(&x, &y, true));
}

FN(sup)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	sqlite3_result_int(ctx, within(&y, &x, false));
}

FN(sup_or_equal)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	sqlite3_result_int(ctx, within(&y, &x, true));
}

FN(overlap)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	sqlite3_result_int(ctx, within(&x, &y, true) || within(&y, &x, true));
}

FN(not_inet)
{
	Inet x = arg(argv[0]);
	for (size_t i = 0; i < inet_bytes(&x); i++)
		x.addr[i] = (uint8_t)~x.addr[i];
	result(ctx, &x, false);
}

static void combine(sqlite3_context *ctx, sqlite3_value **argv, bool both)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	if (x.v6 != y.v6) {
		fn_raise(ctx, "22023", "cannot %s inet values of different sizes", both ? "AND" : "OR");
		return;
	}
	for (size_t i = 0; i < inet_bytes(&x); i++)
		x.addr[i] = both ? x.addr[i] & y.addr[i] : x.addr[i] | y.addr[i];
	x.bits = x.bits > y.bits ? x.bits : y.bits;
	result(ctx, &x, false);
}

FN(and_inet)
{
	combine(ctx, argv, true);
}

FN(or_inet)
{
	combine(ctx, argv, false);
}

static void move(sqlite3_context *ctx, const Inet *x, int64_t by)
{
	Inet r;
	if (inet_add(x, by, &r, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		result(ctx, &r, false);
}

FN(add)
{
	Inet x = arg(argv[0]);
	move(ctx, &x, sqlite3_value_int64(argv[1]));
}

FN(subtract_number)
{
	Inet x = arg(argv[0]);
	int64_t by;
	if (__builtin_sub_overflow((int64_t)0, sqlite3_value_int64(argv[1]), &by))
		fn_raise(ctx, "22003", "result is out of range");
	else
		move(ctx, &x, by);
}

FN(subtract)
{
	Inet x = arg(argv[0]), y = arg(argv[1]);
	int64_t v;
	if (inet_subtract(&x, &y, &v, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, v);
}

static void result_mac(sqlite3_context *ctx, const uint8_t *mac, size_t n)
{
	Buf b = { 0 };
	mac_print(mac, n, &b);
	fn_result_buf(ctx, &b);
}

FN(mac_not)
{
	uint8_t x[MAC8_BYTES];
	size_t n = mac_read(fn_arg_str(argv[0]), x);
	for (size_t i = 0; i < n; i++)
		x[i] = (uint8_t)~x[i];
	result_mac(ctx, x, n);
}

FN(mac_and)
{
	uint8_t x[MAC8_BYTES], y[MAC8_BYTES];
	size_t n = mac_read(fn_arg_str(argv[0]), x);
	mac_read(fn_arg_str(argv[1]), y);
	for (size_t i = 0; i < n; i++)
		x[i] &= y[i];
	result_mac(ctx, x, n);
}

FN(mac_or)
{
	uint8_t x[MAC8_BYTES], y[MAC8_BYTES];
	size_t n = mac_read(fn_arg_str(argv[0]), x);
	mac_read(fn_arg_str(argv[1]), y);
	for (size_t i = 0; i < n; i++)
		x[i] |= y[i];
	result_mac(ctx, x, n);
}

/* The maker's part, three bytes. */
FN(mac_trunc)
{
	uint8_t x[MAC8_BYTES];
	size_t n = mac_read(fn_arg_str(argv[0]), x);
	memset(x + 3, 0, n - 3);
	result_mac(ctx, x, n);
}

FN(mac_set7bit)
{
	uint8_t x[MAC8_BYTES];
	size_t n = mac_read(fn_arg_str(argv[0]), x);
	x[0] |= 2;
	result_mac(ctx, x, n);
}

FN(mac_to_mac8)
{
	uint8_t x[MAC8_BYTES];
	Error *err = &fn_env(ctx)->error;
	if (mac8_parse(fn_arg_str(argv[0]), x, err))
		fn_fail(ctx);
	else
		result_mac(ctx, x, MAC8_BYTES);
}

FN(mac8_to_mac)
{
	uint8_t x[MAC8_BYTES];
	mac_read(fn_arg_str(argv[0]), x);
	if (x[3] == 0xff && x[4] == 0xfe) {
		memmove(x + 3, x + 5, 3);
		result_mac(ctx, x, MAC_BYTES);
		return;
	}
	err_set(&fn_env(ctx)->error, "22003", "macaddr8 data out of range to convert to macaddr");
	err_hint(&fn_env(ctx)->error, "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example "
				      "xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.");
	fn_fail(ctx);
}

const SqliteFn fn_table_inet[] = {
	{ "network_host", 1, PURE, host },
	{ "network_show", 1, PURE, show },
	{ "inet_abbrev", 1, PURE, abbrev_inet },
	{ "cidr_abbrev", 1, PURE, abbrev_cidr },
	{ "network_family", 1, PURE, family },
	{ "network_masklen", 1, PURE, masklen },
	{ "network_network", 1, PURE, network },
	{ "inet_to_cidr", 1, PURE, network },
	{ "network_broadcast", 1, PURE, broadcast },
	{ "network_netmask", 1, PURE, netmask },
	{ "network_hostmask", 1, PURE, hostmask },
	{ "inet_set_masklen", 2, PURE, set_masklen_inet },
	{ "cidr_set_masklen", 2, PURE, set_masklen_cidr },
	{ "inet_same_family", 2, PURE, same_family },
	{ "inet_merge", 2, PURE, merge },
	{ "network_sub", 2, PURE, sub },
	{ "network_subeq", 2, PURE, sub_or_equal },
	{ "network_sup", 2, PURE, sup },
	{ "network_supeq", 2, PURE, sup_or_equal },
	{ "network_overlap", 2, PURE, overlap },
	{ "inetnot", 1, PURE, not_inet },
	{ "inetand", 2, PURE, and_inet },
	{ "inetor", 2, PURE, or_inet },
	{ "inetpl", 2, PURE, add },
	{ "inetmi_int8", 2, PURE, subtract_number },
	{ "inetmi", 2, PURE, subtract },
	{ "macaddr_not", 1, PURE, mac_not },
	{ "macaddr_and", 2, PURE, mac_and },
	{ "macaddr_or", 2, PURE, mac_or },
	{ "macaddr_trunc", 1, PURE, mac_trunc },
	{ "macaddr8_not", 1, PURE, mac_not },
	{ "macaddr8_and", 2, PURE, mac_and },
	{ "macaddr8_or", 2, PURE, mac_or },
	{ "macaddr8_trunc", 1, PURE, mac_trunc },
	{ "macaddr8_set7bit", 1, PURE, mac_set7bit },
	{ "macaddrtomacaddr8", 1, PURE, mac_to_mac8 },
	{ "macaddr8tomacaddr", 1, PURE, mac8_to_mac },
	{ NULL },
};
