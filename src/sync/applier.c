#include "sync/applier.h"

int applier_take(Applier *ap, const OutMessage *m, Error *err)
{
	switch (m->type) {
	case 'B':
		ap->in_tx = true;
		ap->skip = m->lsn < ap->applied;
		ap->xid = m->xid;
		if (apply_message(ap->apply, m, err) < 0)
			return -1;
		return db_exec(ap->db, "SAVEPOINT source_transaction", err);
	case 'C':
		if (!ap->in_tx)
			return err_set(err, "08P01", "COMMIT without BEGIN in the replication stream");
		ap->in_tx = false;
		if (m->end_lsn > ap->applied) {
			ap->applied = m->end_lsn;
			ap->commit_us = m->commit_us;
		}
		return db_exec(ap->db, "RELEASE source_transaction", err) < 0 ? -1 : 1;
	case 'R':
		return apply_message(ap->apply, m, err);
	default:
		return ap->skip ? 0 : apply_message(ap->apply, m, err);
	}
}

int applier_drop_unfinished(Applier *ap, Error *err)
{
	if (!ap->in_tx)
		return 0;
	ap->in_tx = false;
	return db_exec(ap->db, "ROLLBACK TO source_transaction; RELEASE source_transaction", err);
}
