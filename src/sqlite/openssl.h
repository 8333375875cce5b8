/* OpenSSL's libcrypto, loaded at the first use: it costs every process 1.4 MB and a millisecond of its start. Room-internal. */
#ifndef US_SQLITE_OPENSSL_H
#define US_SQLITE_OPENSSL_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

typedef struct OpenSsl {
	__typeof__(EVP_Digest) *digest;
	__typeof__(EVP_get_digestbyname) *digest_named;
	__typeof__(HMAC) *hmac;
	__typeof__(EVP_get_cipherbyname) *cipher_named;
	__typeof__(EVP_CIPHER_CTX_new) *cipher_new;
	__typeof__(EVP_CIPHER_CTX_free) *cipher_free;
	__typeof__(EVP_CipherInit_ex) *cipher_init;
	__typeof__(EVP_CIPHER_CTX_set_padding) *cipher_padding;
	__typeof__(EVP_CipherUpdate) *cipher_update;
	__typeof__(EVP_CipherFinal_ex) *cipher_final;
} OpenSsl;

/* NULL when the library is not there. */
const OpenSsl *openssl(void);

#endif
