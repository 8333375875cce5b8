/* pgcrypto: digests, HMAC, password hashes, random bytes, and raw encryption with AES and triple DES. */
#include "sqlite/fn_text.h"
#include "sqlite/openssl.h"

#include <crypt.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>

enum { MAX_NAME = 32, MAX_KEY = 64 };

/* The algorithm's name in lower case; "" when it is too long to be one. */
static void algorithm_name(sqlite3_value *v, char out[MAX_NAME])
{
	Str s = fn_arg_str(v);
	size_t n = s.n < MAX_NAME ? s.n : 0;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
	out[n] = 0;
}

static const EVP_MD *find_digest(sqlite3_context *ctx, const OpenSsl *lib, sqlite3_value *v)
{
	static const char *const names[] = { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" };
	char name[MAX_NAME];
	algorithm_name(v, name);
	for (size_t i = 0; lib && i < ARRAY_LEN(names); i++)
		if (streq(names[i], name))
			return lib->digest_named(name);
	if (!lib)
		fn_raise(ctx, "XX000", "could not load OpenSSL's libcrypto");
	else
		fn_raise(ctx, "22023", "Cannot use \"%s\": No such hash algorithm", name);
	return NULL;
}

static void ext_digest(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const OpenSsl *lib = openssl();
	const EVP_MD *md = find_digest(ctx, lib, argv[1]);
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	Str s = fn_arg_str(argv[0]);
	if (md && lib->digest(s.p, s.n, sum, &n, md, NULL) == 1)
		sqlite3_result_blob(ctx, sum, (int)n, SQLITE_TRANSIENT);
	else if (md)
		fn_raise(ctx, "XX000", "could not compute hash");
}

static void ext_hmac(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const OpenSsl *lib = openssl();
	const EVP_MD *md = find_digest(ctx, lib, argv[2]);
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	Str s = fn_arg_str(argv[0]), key = fn_arg_str(argv[1]);
	if (md && lib->hmac(md, key.p, (int)key.n, (const uint8_t *)s.p, s.n, sum, &n))
		sqlite3_result_blob(ctx, sum, (int)n, SQLITE_TRANSIENT);
	else if (md)
		fn_raise(ctx, "XX000", "could not compute hash");
}

/* ---- passwords ---- */

/* libcrypt, like OpenSSL, is loaded when it is first needed. */
static __typeof__(crypt_rn) *hash_password;

static void load_crypt(void)
{
	void *handle = dlopen("libcrypt.so.1", RTLD_NOW | RTLD_LOCAL);
	hash_password = handle ? (__typeof__(hash_password))dlsym(handle, "crypt_rn") : NULL;
}

static void ext_crypt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load_crypt);
	if (!hash_password) {
		fn_raise(ctx, "0A000", "the library libcrypt.so.1 is not installed");
		return;
	}
	_cleanup_(arena_freep) Arena *a = arena_new();
	Str password = fn_arg_str(argv[0]), salt = fn_arg_str(argv[1]);
	struct crypt_data *data = arena_alloc(a, sizeof *data);
	memset(data, 0, sizeof *data);
	const char *hash = salt.n < 2 ? NULL
				      : hash_password(arena_strndup(a, password.p, password.n), arena_strndup(a, salt.p, salt.n), data,
						      (int)sizeof *data);
	if (hash)
		fn_result_str(ctx, str_of(hash));
	else
		fn_raise(ctx, "22023", "invalid salt");
}

static bool random_bytes(sqlite3_context *ctx, uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = getrandom(p + at, n - at, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fn_raise(ctx, "XX000", "could not generate a random number");
			return false;
		}
		at += (size_t)got;
	}
	return true;
}

static const char salt_digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char blowfish_digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static void put_digits(Buf *b, const char *digits, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_put_u8(b, (uint8_t)digits[p[i] & 63]);
}

/* 16 bytes are 22 digits, of which the last has two bits only. */
static void put_blowfish(Buf *b, int rounds, uint8_t *p)
{
	p[21] &= 0x30;
	buf_printf(b, "$2a$%02d$", rounds);
	put_digits(b, blowfish_digits, p, 22);
}

static void put_extended_des(Buf *b, int rounds, const uint8_t *p)
{
	buf_puts(b, "_");
	for (int i = 0; i < 4; i++)
		buf_put_u8(b, (uint8_t)salt_digits[rounds >> (6 * i) & 63]);
	put_digits(b, salt_digits, p, 4);
}

static void gen_salt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	static const struct {
		const char *name;
		int normal, least, most;
	} kinds[] = { { "des", 25, 25, 25 }, { "md5", 1000, 1000, 1000 }, { "xdes", 725, 1, 0xffffff }, { "bf", 6, 4, 31 } };
	char name[MAX_NAME];
	uint8_t bytes[22];
	algorithm_name(argv[0], name);
	if (fn_drawn(ctx))
		return;
	size_t k = 0;
	while (k < ARRAY_LEN(kinds) && !streq(kinds[k].name, name))
		k++;
	if (k == ARRAY_LEN(kinds)) {
		fn_raise(ctx, "22023", "gen_salt: Unknown salt algorithm");
		return;
	}
	int rounds = argc > 1 ? sqlite3_value_int(argv[1]) : 0;
	rounds = rounds ? rounds : kinds[k].normal;
	if (rounds < kinds[k].least || rounds > kinds[k].most || (k == 2 && rounds % 2 == 0)) {
		fn_raise(ctx, "22023", "gen_salt: Incorrect number of rounds");
		return;
	}
	if (!random_bytes(ctx, bytes, sizeof bytes))
		return;
	Buf b = { 0 };
	if (k == 3)
		put_blowfish(&b, rounds, bytes);
	else if (k == 2)
		put_extended_des(&b, rounds, bytes);
	else {
		buf_puts(&b, k ? "$1$" : "");
		put_digits(&b, salt_digits, bytes, k ? 8 : 2);
	}
	Val v = val_text(buf_str(&b));
	fn_draw(ctx, &v);
	buf_free(&b);
}

static void gen_random_bytes(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int64_t n = sqlite3_value_int64(argv[0]);
	uint8_t bytes[1024];
	if (n < 1 || n > (int64_t)sizeof bytes)
		fn_raise(ctx, "39000", "Length not in range");
	else if (random_bytes(ctx, bytes, (size_t)n))
		sqlite3_result_blob(ctx, bytes, (int)n, SQLITE_TRANSIENT);
}

/* ---- raw encryption ---- */

typedef struct Cipher {
	const EVP_CIPHER *type;
	bool pad;
	uint8_t key[MAX_KEY], iv[16];
} Cipher;

/* "aes-cbc/pad:pkcs" and its parts: -1 unknown. Keys are filled with zeros to the next size that the algorithm has. */
static int find_cipher(const OpenSsl *lib, char *name, Str key, Cipher *c)
{
	char *pad = strchr(name, '/'), real[40];
	*c = (Cipher){ .pad = true };
	if (pad) {
		*pad++ = 0;
		if (!streq(pad, "pad:pkcs") && !streq(pad, "pad:none"))
			return -1;
		c->pad = streq(pad, "pad:pkcs");
	}
	char *mode = strchr(name, '-');
	if (mode)
		*mode++ = 0;
	if (mode && !streq(mode, "cbc") && !streq(mode, "ecb"))
		return -1;
	bool aes = streq(name, "aes") || streq(name, "rijndael");
	if (!aes && !streq(name, "3des"))
		return -1;
	size_t most = aes ? 32 : 24;
	if (key.n > most)
		key.n = most;
	memcpy(c->key, key.p, key.n);
	if (aes)
		snprintf(real, sizeof real, "aes-%d-%s", key.n <= 16 ? 128 : key.n <= 24 ? 192 : 256, mode ? mode : "cbc");
	else
		snprintf(real, sizeof real, "des-ede3-%s", mode ? mode : "cbc");
	c->type = lib->cipher_named(real);
	return c->type ? 0 : -1;
}

static bool run_cipher(const OpenSsl *lib, const Cipher *c, bool encrypt, Str data, Buf *out)
{
	int n = 0, rest = 0;
	EVP_CIPHER_CTX *x = lib->cipher_new();
	uint8_t *p = mem_alloc(data.n + 64);
	bool ok = x && lib->cipher_init(x, c->type, NULL, c->key, c->iv, encrypt) == 1 && lib->cipher_padding(x, c->pad) == 1 &&
		  lib->cipher_update(x, p, &n, (const uint8_t *)data.p, (int)data.n) == 1 && lib->cipher_final(x, p + n, &rest) == 1;
	if (ok)
		buf_put(out, p, (size_t)n + (size_t)rest);
	free(p);
	lib->cipher_free(x);
	return ok;
}

static void cipher(sqlite3_context *ctx, bool encrypt, sqlite3_value *data, sqlite3_value *key, sqlite3_value *iv, sqlite3_value *algorithm)
{
	char name[MAX_NAME], shown[MAX_NAME];
	const OpenSsl *lib = openssl();
	Cipher c;
	if (!lib) {
		fn_raise(ctx, "XX000", "could not load OpenSSL's libcrypto");
		return;
	}
	algorithm_name(algorithm, name);
	memcpy(shown, name, sizeof shown);
	if (strncmp(name, "bf", 2) == 0 || strncmp(name, "blowfish", 8) == 0 || strncmp(name, "des", 3) == 0 ||
	    strncmp(name, "cast5", 5) == 0) {
		fn_raise(ctx, "0A000", "the cipher %s is not available in SQLite mode", name);
		return;
	}
	if (find_cipher(lib, name, fn_arg_str(key), &c)) {
		fn_raise(ctx, "22023", "Cannot use \"%s\": No such cipher algorithm", shown);
		return;
	}
	Str start = iv ? fn_arg_str(iv) : (Str){ "", 0 };
	memcpy(c.iv, start.p, start.n < sizeof c.iv ? start.n : sizeof c.iv);
	Buf out = { 0 };
	if (run_cipher(lib, &c, encrypt, fn_arg_str(data), &out)) {
		fn_result_blob_buf(ctx, &out);
		return;
	}
	buf_free(&out);
	fn_raise(ctx, "39000", encrypt ? "encrypt error: Encryption failed" : "decrypt error: Decryption failed");
}

static void ext_encrypt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cipher(ctx, true, argv[0], argv[1], NULL, argv[2]);
}

static void ext_decrypt(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cipher(ctx, false, argv[0], argv[1], NULL, argv[2]);
}

static void ext_encrypt_iv(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cipher(ctx, true, argv[0], argv[1], argv[2], argv[3]);
}

static void ext_decrypt_iv(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	cipher(ctx, false, argv[0], argv[1], argv[2], argv[3]);
}

enum { PURE = FN_STRICT | FN_IMMUTABLE };

const SqliteFn fn_table_ext_crypto[] = {
	{ "pg_digest", 2, PURE, ext_digest },
	{ "pg_hmac", 3, PURE, ext_hmac },
	{ "pg_crypt", 2, PURE, ext_crypt },
	{ "pg_gen_salt", 1, FN_STRICT, gen_salt },
	{ "pg_gen_salt_rounds", 2, FN_STRICT, gen_salt },
	{ "pg_random_bytes", 1, FN_STRICT, gen_random_bytes },
	{ "pg_encrypt", 3, PURE, ext_encrypt },
	{ "pg_decrypt", 3, PURE, ext_decrypt },
	{ "pg_encrypt_iv", 4, PURE, ext_encrypt_iv },
	{ "pg_decrypt_iv", 4, PURE, ext_decrypt_iv },
	{ NULL },
};
