/* Fuzz target of the protocol reader. Built with libFuzzer it fuzzes; with -DREPLAY it runs the files named as arguments. */
#include "wire/proto.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_values(const WireBind *m)
{
	Str values = m->values, v;
	size_t sum = 0;
	for (size_t i = 0; i < m->nparams; i++)
		if (wire_next_value(&values, &v))
			for (size_t k = 0; k < v.n; k++)
				sum += (uint8_t)v.p[k];
	(void)sum;
}

static void read_body(const WireFrame *f)
{
	Error err;
	Str s;
	WireParse parse;
	WireBind bind;
	WireTarget target;
	WireExecute execute;
	wire_read_query(f->body, &s, &err);
	if (wire_read_parse(f->body, &parse, &err) == 0)
		for (size_t i = 0; i < parse.nparams; i++)
			(void)wire_oid(parse.types, i);
	if (wire_read_bind(f->body, &bind, &err) == 0)
		read_values(&bind);
	wire_read_target(f->body, &target, &err);
	wire_read_execute(f->body, &execute, &err);
	wire_read_error(f->body, &err);
}

static void read_startup(const uint8_t *data, size_t n)
{
	Error err;
	WireFrame f;
	WireStartup st;
	Str name, value;
	if (wire_startup_frame(data, n, &f, &err) != 1 || wire_read_startup(f.body, &st, &err) != 0)
		return;
	for (size_t at = 0; wire_startup_next(&st, &at, &name, &value);)
		(void)wire_startup_param(&st, "user");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	Error err;
	WireFrame f;
	read_startup(data, n);
	while (wire_frame(data, n, WIRE_MESSAGE_MAX, &f, &err) == 1) {
		read_body(&f);
		data += f.size;
		n -= f.size;
	}
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
