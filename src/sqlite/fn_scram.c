/* A password as PostgreSQL keeps it: the SCRAM-SHA-256 verifier of RFC 5803 with a random salt. */
#include "sqlite/fn.h"
#include "sqlite/openssl.h"

#include <string.h>

enum { ROUNDS = 4096, SALT_BYTES = 16, KEY_BYTES = 32 };

static void put_base64(Buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_put_u8(b, k > n - i ? '=' : (uint8_t)digits[v >> (18 - 6 * k) & 63]);
	}
}

static bool mac(const OpenSsl *ssl, const void *key, size_t key_len, const void *p, size_t n, uint8_t out[KEY_BYTES])
{
	unsigned len = KEY_BYTES;
	return ssl->hmac(ssl->digest_named("SHA256"), key, (int)key_len, p, n, out, &len) != NULL;
}

/* PBKDF2 with one block. */
static bool salt_password(const OpenSsl *ssl, Str password, const uint8_t *salt, uint8_t out[KEY_BYTES])
{
	uint8_t first[SALT_BYTES + 4] = { 0 }, u[KEY_BYTES];
	memcpy(first, salt, SALT_BYTES);
	first[SALT_BYTES + 3] = 1;
	if (!mac(ssl, password.p, password.n, first, sizeof first, u))
		return false;
	memcpy(out, u, KEY_BYTES);
	for (int i = 1; i < ROUNDS; i++) {
		uint8_t next[KEY_BYTES];
		if (!mac(ssl, password.p, password.n, u, KEY_BYTES, next))
			return false;
		memcpy(u, next, KEY_BYTES);
		for (size_t k = 0; k < KEY_BYTES; k++)
			out[k] ^= u[k];
	}
	return true;
}

static bool put_secret(const OpenSsl *ssl, Str password, Buf *out)
{
	uint8_t salt[SALT_BYTES], salted[KEY_BYTES], client[KEY_BYTES], stored[KEY_BYTES], server[KEY_BYTES];
	unsigned len = KEY_BYTES;
	sqlite3_randomness(SALT_BYTES, salt);
	if (!salt_password(ssl, password, salt, salted) || !mac(ssl, salted, KEY_BYTES, "Client Key", 10, client) ||
	    !mac(ssl, salted, KEY_BYTES, "Server Key", 10, server) ||
	    !ssl->digest(client, KEY_BYTES, stored, &len, ssl->digest_named("SHA256"), NULL))
		return false;
	buf_printf(out, "SCRAM-SHA-256$%d:", ROUNDS);
	put_base64(out, salt, SALT_BYTES);
	buf_puts(out, "$");
	put_base64(out, stored, KEY_BYTES);
	buf_puts(out, ":");
	put_base64(out, server, KEY_BYTES);
	return true;
}

/* What is a verifier already is kept as it is. */
static void fn_scram_secret(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str password = fn_arg_str(argv[0]);
	bool md5 = password.n == 35 && strncmp(password.p, "md5", 3) == 0;
	if (md5 || (password.n > 14 && strncmp(password.p, "SCRAM-SHA-256$", 14) == 0)) {
		sqlite3_result_text(ctx, password.p, (int)password.n, SQLITE_TRANSIENT);
		return;
	}
	const OpenSsl *ssl = openssl();
	Buf b = { 0 };
	if (!ssl || !put_secret(ssl, password, &b))
		fn_raise(ctx, "58000", "the password cannot be encrypted: OpenSSL is not available");
	else
		sqlite3_result_text(ctx, (const char *)b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_free(&b);
}

const SqliteFn fn_table_scram[] = {
	{ "scram_secret", 1, FN_STRICT, fn_scram_secret },
	{ NULL },
};
