#include "catalog/notice.h"

#include "base/str.h"
#include "wire/proto.h"

#include <strings.h>

static size_t rank(const char *level)
{
	static const char *const order[] = { "debug5", "debug4", "debug3", "debug2",  "debug1", "debug",
					     "log",    "info",	 "notice", "warning", "error" };
	size_t i = 0;
	while (i < ARRAY_LEN(order) && strcasecmp(order[i], level) != 0)
		i++;
	return i;
}

bool notice_wanted(const SessionVars *v, const char *level)
{
	const char *min = v && v->get_setting ? v->get_setting(v->arg, "client_min_messages") : NULL;
	return strcasecmp(level, "info") == 0 || rank(level) >= rank(min ? min : "notice");
}

void notice_put(const SessionVars *v, Buf *out, const Error *e, const char *severity)
{
	if (notice_wanted(v, severity))
		wire_put_notice(out, e, severity);
}
