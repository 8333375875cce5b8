/* Settings as statements and lists give them: shared by sessions and by what runs recorded transactions again. */
#include "session/guc.h"

#include <strings.h>

const char **guc_search_path(const char *value, const char *user, size_t *count)
{
	size_t n = strlen(value), max = n / 2 + 3, user_len = strlen(user);
	const char **path = mem_alloc(max * sizeof(char *) + n + 1 + (user_len + 1) * max);
	char *to = (char *)(path + max);
	*count = 0;
	for (const char *p = value; *p;) {
		while (*p == ' ' || *p == ',')
			p++;
		if (!*p)
			break;
		char *name = to;
		if (*p == '"') {
			for (p++; *p && !(*p == '"' && p[1] != '"'); p++) {
				if (*p == '"')
					p++;
				*to++ = *p;
			}
			p += *p == '"';
		} else {
			for (; *p && *p != ',' && *p != ' '; p++)
				*to++ = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		}
		*to++ = '\0';
		if (streq(name, "$user")) {
			memcpy(name, user, user_len + 1);
			to = name + user_len + 1;
		}
		path[(*count)++] = name;
	}
	return path;
}

void guc_plan_value(const Plan *plan, Buf *out)
{
	bool is_list = plan->nvalues > 1 || strcasecmp(plan->name, "search_path") == 0;
	for (size_t i = 0; i < plan->nvalues; i++) {
		const char *v = plan->values[i];
		if (i)
			buf_puts(out, ", ");
		bool plain = *v && !(*v >= '0' && *v <= '9') && strspn(v, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(v);
		if (!is_list || plain || strcasecmp(plan->name, "DateStyle") == 0) {
			buf_puts(out, v);
			continue;
		}
		buf_put_u8(out, '"');
		for (; *v; v++) {
			if (*v == '"')
				buf_put_u8(out, '"');
			buf_put_u8(out, (uint8_t)*v);
		}
		buf_put_u8(out, '"');
	}
}
