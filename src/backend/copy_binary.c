#include "backend/copy_binary.h"

static const char signature[11] = "PGCOPY\n\377\r\n";

static ssize_t bad(Error *err, const char *message)
{
	return err_set(err, "22P04", "%s", message);
}

ssize_t copy_binary_header(Str data, bool eof, Error *err)
{
	size_t n = data.n < sizeof signature ? data.n : sizeof signature;
	if (memcmp(data.p, signature, n) != 0 || (eof && n < sizeof signature))
		return bad(err, "COPY file signature not recognized");
	if (data.n < 15)
		return eof ? bad(err, "invalid COPY file header (missing flags)") : 0;
	uint32_t flags = get_u32(data.p + 11);
	if (flags & (1 << 16))
		return bad(err, "invalid COPY file header (WITH OIDS)");
	if (flags >> 16)
		return bad(err, "unrecognized critical flags in COPY file header");
	if (data.n < 19)
		return eof ? bad(err, "invalid COPY file header (missing length)") : 0;
	uint32_t extension = get_u32(data.p + 15);
	if (extension > INT32_MAX)
		return bad(err, "invalid COPY file header (missing length)");
	if (data.n - 19 < extension)
		return eof ? bad(err, "invalid COPY file header (wrong length)") : 0;
	return 19 + (ssize_t)extension;
}

ssize_t copy_binary_row(Str data, bool eof, Str *fields, size_t nfields, bool *last, int *column, Error *err)
{
	*last = false;
	if (data.n < 2)
		return eof ? bad(err, "unexpected EOF in COPY data") : 0;
	int16_t count = (int16_t)get_u16(data.p);
	if (count == -1) {
		*last = true;
		return 2;
	}
	if (count < 0 || (size_t)count != nfields)
		return err_set(err, "22P04", "row field count is %d, expected %d", count, (int)nfields);
	size_t at = 2;
	for (size_t i = 0; i < nfields; i++) {
		*column = (int)i;
		if (data.n - at < 4)
			return eof ? bad(err, "unexpected EOF in COPY data") : 0;
		int32_t n = (int32_t)get_u32(data.p + at);
		at += 4;
		fields[i] = (Str){ 0 };
		if (n == -1)
			continue;
		if (n < 0)
			return bad(err, "invalid field size");
		if (data.n - at < (size_t)n)
			return eof ? bad(err, "unexpected EOF in COPY data") : 0;
		fields[i] = (Str){ data.p + at, (size_t)n };
		at += (size_t)n;
	}
	*column = -1;
	return (ssize_t)at;
}
