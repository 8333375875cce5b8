/* pg_advisory_lock and its kin, for a session. */
#include "session/internal.h"

#include "backend/sqlite_locks.h"
#include "base/clock.h"

static int take(Session *s, const LockRequest *r, Error *err)
{
	SqliteTxn *t = &s->txn;
	if (locks_try(t, r))
		return 0;
	if (s->may_rerun)
		return err_set(err, LOCKS_WAIT, "waiting for an advisory lock");
	exec_leave_loop(s);
	t->lock_deadline_us = s->lock_timeout_us ? clock_mono_us() + s->lock_timeout_us : 0;
	return locks_wait_here(t, err);
}

static void not_owned(Session *s, const LockRequest *r)
{
	Error e;
	err_set(&e, "01000", "you don't own a lock of type %s", r->shared ? "ShareLock" : "ExclusiveLock");
	notice_put(s->vars, &s->out, &e, "WARNING");
}

int advisory_call(void *arg, LockOp op, const LockRequest *r, bool *result, Error *err)
{
	Session *s = arg;
	*result = true;
	switch (op) {
	case LOCK_TAKE:
		return take(s, r, err);
	case LOCK_TRY:
		*result = locks_try(&s->txn, r);
		return 0;
	case LOCK_GIVE_BACK:
		*result = locks_unlock(&s->txn, r);
		if (!*result)
			not_owned(s, r);
		return 0;
	default:
		locks_unlock_all(&s->txn);
		return 0;
	}
}

const LockRow *advisory_list(void *arg, Arena *a, size_t *n)
{
	Session *s = arg;
	return locks_list(s->txn.db, a, n);
}
