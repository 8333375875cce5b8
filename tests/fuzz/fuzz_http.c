/* Fuzz target of the HTTP request reader. Built with libFuzzer it fuzzes; with -DREPLAY it runs the files named as arguments. */
#include "admin/http_parse.h"
#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_inside(const char *p, size_t n, Str s)
{
	assert(!s.p || (s.p >= p && s.p + s.n <= p + n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	HttpRequest q;
	int status = http_parse(p, n, &q);
	if (status != 200)
		return 0;
	assert(q.head_size <= n && q.head_size <= HTTP_HEAD_MAX && q.body_size <= HTTP_BODY_MAX);
	assert(q.path.n > 0 && q.path.p[0] == '/');
	check_inside(p, n, q.path);
	check_inside(p, n, q.host);
	check_inside(p, n, q.origin);
	check_inside(p, n, q.authorization);
	assert(strlen(q.ttl.value) < HTTP_PARAM_MAX && strlen(q.database.value) < HTTP_PARAM_MAX);
	/* What comes later does not change what was read, and no shorter input was complete. */
	HttpRequest again;
	assert(http_parse(p, q.head_size, &again) == 200 && http_parse(p, q.head_size - 1, &again) == 0);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		if (!file) {
			perror(argv[i]);
			return 1;
		}
		/* A block of its exact size, so that a read past the end is found. */
		static uint8_t all[1 << 20];
		size_t n = fread(all, 1, sizeof all, file);
		fclose(file);
		uint8_t *own = malloc(n ? n : 1);
		memcpy(own, all, n);
		LLVMFuzzerTestOneInput(own, n);
		free(own);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif
