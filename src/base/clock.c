#include "base/clock.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>

int64_t duration_ms(const char *text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "", 1 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || errno || n < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (streq(end, units[i].unit))
			return n > INT64_MAX / units[i].ms ? -1 : n * units[i].ms;
	return -1;
}
