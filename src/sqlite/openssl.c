#include "sqlite/openssl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static OpenSsl library;
static bool loaded;

static void load(void)
{
#define SONAME_OF(version) "libcrypto.so." #version
#define SONAME(version) SONAME_OF(version)
#define FIND(field, name) ((library.field = (__typeof__(library.field))dlsym(handle, name)) != NULL)
	void *handle = dlopen(SONAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
	loaded = handle && FIND(digest, "EVP_Digest") && FIND(digest_named, "EVP_get_digestbyname") && FIND(hmac, "HMAC") &&
		 FIND(cipher_named, "EVP_get_cipherbyname") && FIND(cipher_new, "EVP_CIPHER_CTX_new") &&
		 FIND(cipher_free, "EVP_CIPHER_CTX_free") && FIND(cipher_init, "EVP_CipherInit_ex") &&
		 FIND(cipher_padding, "EVP_CIPHER_CTX_set_padding") && FIND(cipher_update, "EVP_CipherUpdate") &&
		 FIND(cipher_final, "EVP_CipherFinal_ex");
}

const OpenSsl *openssl(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	return loaded ? &library : NULL;
}
