#define LIBPQ_OWN_NAMES
#include "backend/libpq.h"

#include "base/log.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

const LibPq *_Atomic libpq_functions;

typedef struct Symbol {
	const char *name;
	size_t offset;
	bool optional;
} Symbol;

static const Symbol symbols[] = {
#define LIBPQ_NEEDED(f) { #f, offsetof(LibPq, f), false },
#define LIBPQ_OPTIONAL(f) { #f, offsetof(LibPq, f), true },
	LIBPQ_FUNCTIONS(LIBPQ_NEEDED) LIBPQ_TLS_FUNCTIONS(LIBPQ_OPTIONAL)
};

static int find_functions(void *handle, LibPq *out, Error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		/* A handle's dependencies are searched too: that is where OpenSSL's are. */
		void *f = dlsym(handle, symbols[i].name);
		if (!f && !symbols[i].optional)
			return err_set(err, "58P01", "the PostgreSQL client library libpq.so.5 is too old: it lacks %s", symbols[i].name);
		memcpy((char *)out + symbols[i].offset, &f, sizeof f);
	}
	return 0;
}

static int load(Error *err)
{
	static LibPq table;
	void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		err_set(err, "58P01", "could not load the PostgreSQL client library, which a primary needs: %s", why ? why : "libpq.so.5");
		return err_hint(err, "Install it; on Debian its package is libpq5.");
	}
	if (find_functions(handle, &table, err)) {
		dlclose(handle);
		return -1;
	}
	atomic_store_explicit(&libpq_functions, &table, memory_order_release);
	return 0;
}

int libpq_load(Error *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&lock);
	int rc = atomic_load(&libpq_functions) ? 0 : load(err);
	pthread_mutex_unlock(&lock);
	return rc;
}

const LibPq *libpq_load_or_die(void)
{
	Error err;
	if (libpq_load(&err)) {
		log_error("%s", err.message);
		abort();
	}
	return atomic_load(&libpq_functions);
}
