/* Random UUIDs. */
#include "sqlite/fn_text.h"

#include <sys/random.h>

static void random_uuid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	uint8_t bytes[16];
	if (fn_drawn(ctx))
		return;
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		fn_raise(ctx, "XX000", "could not generate random values");
		return;
	}
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
	Buf b = { 0 };
	for (int i = 0; i < 16; i++)
		buf_printf(&b, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	Val v = val_text(buf_str(&b));
	fn_draw(ctx, &v);
	buf_free(&b);
}

const SqliteFn fn_table_uuid[] = {
	{ "gen_random_uuid", 0, 0, random_uuid },
	{ NULL },
};
