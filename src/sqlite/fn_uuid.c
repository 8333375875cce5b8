/* Random UUIDs, and those of uuid-ossp. */
#include "sqlite/fn_text.h"
#include "sqlite/openssl.h"

#include <sys/random.h>
#include <time.h>

static bool random_bytes(sqlite3_context *ctx, uint8_t *bytes, size_t n)
{
	if (getrandom(bytes, n, 0) == (ssize_t)n)
		return true;
	fn_raise(ctx, "XX000", "could not generate random values");
	return false;
}

static void stamp(uint8_t bytes[16], int version)
{
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | version << 4);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
}

static void print_uuid(const uint8_t bytes[16], Buf *b)
{
	for (int i = 0; i < 16; i++)
		buf_printf(b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

static void draw_uuid(sqlite3_context *ctx, const uint8_t bytes[16])
{
	Buf b = { 0 };
	print_uuid(bytes, &b);
	Val v = val_text(buf_str(&b));
	fn_draw(ctx, &v);
	buf_free(&b);
}

static void random_uuid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint8_t bytes[16];
	if (fn_drawn(ctx) || !random_bytes(ctx, bytes, sizeof bytes))
		return;
	stamp(bytes, 4);
	draw_uuid(ctx, bytes);
}

/* By the clock. The node is a random multicast address, as RFC 4122 has it for hosts that do not show theirs; a random clock sequence keeps
 * UUIDs of one moment apart. */
static void time_uuid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint8_t bytes[16];
	if (fn_drawn(ctx) || !random_bytes(ctx, bytes, sizeof bytes))
		return;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	/* tenths of microseconds since 1582-10-15 */
	uint64_t t = ((uint64_t)now.tv_sec + 12219292800u) * 10000000u + (uint64_t)now.tv_nsec / 100;
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(t >> (24 - 8 * i));
	for (int i = 0; i < 2; i++) {
		bytes[4 + i] = (uint8_t)(t >> (40 - 8 * i));
		bytes[6 + i] = (uint8_t)(t >> (56 - 8 * i));
	}
	bytes[10] |= 1;
	stamp(bytes, 1);
	draw_uuid(ctx, bytes);
}

static int hex_value(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* Of a name in a namespace: a digest of both. */
static void name_uuid(sqlite3_context *ctx, sqlite3_value **argv, const char *digest, int version)
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	const OpenSsl *lib = openssl();
	Str space = fn_arg_str(argv[0]);
	Buf b = { 0 };
	for (size_t i = 0; i + 1 < space.n; i++)
		if (space.p[i] != '-') {
			buf_put_u8(&b, (uint8_t)(hex_value(space.p[i]) << 4 | hex_value(space.p[i + 1])));
			i++;
		}
	buf_put_str(&b, fn_arg_str(argv[1]));
	bool ok = lib && lib->digest(b.data, b.len, sum, &n, lib->digest_named(digest), NULL) == 1;
	b.len = 0;
	if (!ok) {
		fn_raise(ctx, "XX000", "could not compute hash");
		buf_free(&b);
		return;
	}
	stamp(sum, version);
	print_uuid(sum, &b);
	fn_result_buf(ctx, &b);
}

static void uuid_v3(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	name_uuid(ctx, argv, "MD5", 3);
}

static void uuid_v5(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	name_uuid(ctx, argv, "SHA1", 5);
}

#define CONSTANT(name, text)                                                                                                               \
	static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                             \
	{                                                                                                                                  \
		fn_result_str(ctx, str_of(text));                                                                                          \
	}
CONSTANT(uuid_nil, "00000000-0000-0000-0000-000000000000")
CONSTANT(uuid_dns, "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_url, "6ba7b811-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_oid, "6ba7b812-9dad-11d1-80b4-00c04fd430c8")
CONSTANT(uuid_x500, "6ba7b814-9dad-11d1-80b4-00c04fd430c8")

enum { PURE = FN_STRICT | FN_IMMUTABLE };

const SqliteFn fn_table_uuid[] = {
	{ "gen_random_uuid", 0, 0, random_uuid },
	{ "pg_random_uuid", 0, 0, random_uuid },
	{ "uuid_generate_v1", 0, 0, time_uuid },
	{ "uuid_generate_v1mc", 0, 0, time_uuid },
	{ "uuid_generate_v3", 2, PURE, uuid_v3 },
	{ "uuid_generate_v4", 0, 0, random_uuid },
	{ "uuid_generate_v5", 2, PURE, uuid_v5 },
	{ "uuid_nil", 0, PURE, uuid_nil },
	{ "uuid_ns_dns", 0, PURE, uuid_dns },
	{ "uuid_ns_url", 0, PURE, uuid_url },
	{ "uuid_ns_oid", 0, PURE, uuid_oid },
	{ "uuid_ns_x500", 0, PURE, uuid_x500 },
	{ NULL },
};
