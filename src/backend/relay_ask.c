/* The question for a transaction's id inside the text of a Query that commits by itself. */
#include "backend/relay_ops.h"
#include "backend/script.h"

#include <endian.h>

#define QUESTION "SELECT pg_catalog.txid_current_if_assigned()"

void relay_note_parameter(Relay *r, const char *name, const char *value)
{
	/* In these the second byte of a character may be a backslash. */
	static const char *const odd[] = { "SJIS", "SHIFT_JIS_2004", "BIG5", "GBK", "UHC", "GB18030", "JOHAB" };
	if (streq(name, "standard_conforming_strings"))
		r->backslashes = streq(value, "off");
	if (!streq(name, "client_encoding"))
		return;
	r->odd_encoding = false;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		r->odd_encoding |= streq(value, odd[i]);
}

/* Characters of the server's encoding, at the most: bytes that go on a UTF-8 character are not counted. */
static size_t count_chars(const char *p, size_t n)
{
	size_t chars = 0;
	for (size_t i = 0; i < n; i++)
		chars += ((uint8_t)p[i] & 0xc0) != 0x80;
	return chars;
}

bool relay_ask_send(Relay *r, const uint8_t *msg, size_t total, Str text, RelayOut *out)
{
	/* Behind a comment that ends with its line, and whether or not the text ends its last statement. */
	static const char behind[] = "\n;" QUESTION, in_front[] = QUESTION ";";
	RelayAsk *q = &r->ask;
	ScriptPoint point;
	if (!r->xid_works || r->odd_encoding || r->skipping || !ops_empty(r) || r->copy_in || r->status == 'E')
		return false;
	if (!script_find_point(text, r->status == 'T', r->backslashes, &point))
		return false;
	const char *question = point.commits ? in_front : behind;
	size_t len = strlen(question);
	Buf tag = q->tag;
	*q = (RelayAsk){ .open = true,
			 .commits = point.commits,
			 .before = point.before,
			 .chars = count_chars(text.p, point.at),
			 .record_at = r->record.len,
			 .len = total,
			 .tag = tag };
	uint32_t length = htobe32((uint32_t)(total - 1 + len));
	q->head[0] = 'Q';
	memcpy(q->head + 1, &length, sizeof length);
	relay_out_add(out, q->head, sizeof q->head);
	relay_out_add(out, text.p, point.at);
	relay_out_add(out, question, len);
	relay_out_add(out, text.p + point.at, total - 5 - point.at);
	return true;
}

/* A text that is wrong at our question, or behind it, was not wrong there as the client wrote it. Nothing of it has been run. When other
 * requests follow already it cannot be sent once more, and the error keeps our position. */
static bool is_our_fault(const Relay *r, const uint8_t *p, const uint8_t *end)
{
	const RelayAsk *q = &r->ask;
	if (q->done || r->answered || r->record_full || r->record.len < q->record_at + q->len || r->ops.len - r->ops_at != 1)
		return false;
	if (!str_is(relay_error_field(p, end, 'C'), "42601"))
		return false;
	Str at = relay_error_field(p, end, 'P');
	size_t chars = 0;
	for (size_t i = 0; i < at.n && i < 9; i++)
		chars = chars * 10 + (size_t)(at.p[i] - '0');
	return chars > q->chars;
}

static bool take_tag(Relay *r, const uint8_t *msg, size_t have, RelayOut *out)
{
	RelayAsk *q = &r->ask;
	q->done++;
	if (q->done == q->before) {
		buf_clear(&q->tag);
		buf_put(&q->tag, msg, have);
		/* It has been executed, and may be committed before we hear of it. */
		r->commit_done |= !q->commits;
		return true;
	}
	if (q->done != q->before + 1)
		return false;
	relay_out_add(out, q->tag.data, q->tag.len);
	r->answered = true;
	return true;
}

bool relay_ask_takes(Relay *r, const uint8_t *msg, size_t have, RelayOut *out)
{
	RelayAsk *q = &r->ask;
	switch (msg[0]) {
	case 'C':
		return take_tag(r, msg, have, out);
	case 'T':
		return relay_ask_now(r);
	case 'D':
		if (!relay_ask_now(r))
			return false;
		relay_see_xid(r, msg + 5, msg + have);
		return true;
	case 'E':
		if (!q->again)
			q->again = is_our_fault(r, msg + 5, msg + have);
		return q->again;
	case 'Z':
		if (!q->again)
			return false;
		q->open = false;
		r->need_send = true;
		return true;
	default:
		return false;
	}
}
