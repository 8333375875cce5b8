/* pg_timezone_names and pg_timezone_abbrevs, from the system's time zones and PostgreSQL's default abbreviations. */
#include "base/clock.h"
#include "catalog/vtab.h"
#include "pgtype/datetime.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { DEEPEST_ZONE = 3 };
#define ZONES "/usr/share/zoneinfo"
#define POSTGRES_EPOCH_US 946684800000000LL

static const char *offset_text(RowSink *s, int32_t east)
{
	char text[DT_BUF];
	Interval iv = { .us = (int64_t)east * 1000000 };
	interval_out(&iv, INTERVALSTYLE_POSTGRES, text);
	return arena_strdup(s->a, text);
}

static void produce_zone(RowSink *s, const char *name, int64_t now)
{
	Error err;
	bool dst;
	const char *abbrev;
	const TimeZone *tz = tz_load(name, &err);
	if (!tz)
		return;
	int32_t east = tz_offset_at(tz, now, &dst, &abbrev);
	row_new(s);
	row_text(s, "name", arena_strdup(s->a, name));
	row_text(s, "abbrev", arena_strdup(s->a, abbrev ? abbrev : ""));
	row_text(s, "utc_offset", offset_text(s, east));
	row_int(s, "is_dst", dst);
}

static bool is_zone_file(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(magic, 1, sizeof magic, f) : 0;
	if (f)
		fclose(f);
	return n == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

static void walk(RowSink *s, const char *below, int depth, int64_t now)
{
	const char *path = arena_printf(s->a, ZONES "%s%s", *below ? "/" : "", below);
	DIR *d = depth < DEEPEST_ZONE ? opendir(path) : NULL;
	for (const struct dirent *e; d && (e = readdir(d));) {
		struct stat st;
		const char *name = arena_printf(s->a, "%s%s%s", below, *below ? "/" : "", e->d_name);
		const char *full = arena_printf(s->a, ZONES "/%s", name);
		/* Whole copies of all zones, and the zone of the machine. */
		if (e->d_name[0] == '.' || streq(e->d_name, "posixrules") || streq(e->d_name, "localtime") || stat(full, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			walk(s, name, depth + 1, now);
		else if (is_zone_file(full))
			produce_zone(s, name, now);
	}
	if (d)
		closedir(d);
}

static void produce_names(RowSink *s)
{
	walk(s, "", 0, clock_wall_us() - POSTGRES_EPOCH_US);
}

static void produce_abbrevs(RowSink *s)
{
	int64_t now = clock_wall_us() - POSTGRES_EPOCH_US;
	for (size_t i = 0; i < tz_nabbrevs; i++) {
		const TzAbbrev *ab = &tz_abbrevs[i];
		bool dst = ab->is_dst;
		int32_t east = ab->east;
		Error err;
		const TimeZone *tz = ab->zone ? tz_load(ab->zone, &err) : NULL;
		if (ab->zone && !tz)
			continue;
		if (tz && tz_abbrev_offset(ab, now, false, &east, &err) != 0)
			continue;
		if (tz)
			tz_offset_at(tz, now, &dst, NULL);
		char *name = arena_strdup(s->a, ab->name);
		for (char *p = name; *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
		row_new(s);
		row_text(s, "abbrev", name);
		row_text(s, "utc_offset", offset_text(s, east));
		row_int(s, "is_dst", dst);
	}
}

const NamedProducer catalog_producers_zone[] = {
	{ "pg_timezone_names", produce_names },
	{ "pg_timezone_abbrevs", produce_abbrevs },
	{ NULL, NULL },
};
