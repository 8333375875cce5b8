/* Reads the _understudy_* tables of a file into a Catalog. */
#include "catalog/load.h"

#include "catalog/acl.h"
#include "catalog/extension.h"

#include <assert.h>
#include <stdio.h>

char *load_text(Catalog *c, sqlite3_stmt *s, int i)
{
	return arena_strdup(c->arena, (const char *)sqlite3_column_text(s, i));
}

uint32_t load_oid(sqlite3_stmt *s, int i)
{
	return (uint32_t)sqlite3_column_int64(s, i);
}

char load_char(sqlite3_stmt *s, int i)
{
	const char *t = (const char *)sqlite3_column_text(s, i);
	return t ? t[0] : 0;
}

int load_damaged(Error *err, const char *what, uint32_t oid)
{
	return err_set(err, "XX001", "catalog tables of the file do not fit together: %s %u", what, oid);
}

void *load_grow(Catalog *c, void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	void *more = arena_alloc(c->arena, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

int16_t *load_attnums(Catalog *c, const char *list, size_t *n)
{
	size_t cap = list ? strlen(list) / 2 + 1 : 0;
	int16_t *a = arena_array(c->arena, int16_t, cap + 1);
	*n = 0;
	while (list && *list && *n < cap) {
		char *end;
		a[(*n)++] = (int16_t)strtol(list, &end, 10);
		if (end == list)
			break;
		list = *end == ' ' ? end + 1 : end;
	}
	return a;
}

/* Of the stored forms and the tables of the catalog: 3 since relations may be temporary, and there are domains, ranges,
 * extensions, functions and triggers; 4 since tables inherit and have partitions. Also in schema.c. */
enum { FORMAT_VERSION = 4 };

void load_note_oid(Catalog *c, uint32_t oid)
{
	if (oid >= c->next_temp_oid)
		c->next_temp_oid = oid + 1;
}

static int load_meta(Catalog *c, sqlite3_stmt *s, Error *err)
{
	const char *key = (const char *)sqlite3_column_text(s, 0);
	if (!key)
		return 0;
	if (streq(key, "catalog_version"))
		c->version = (uint64_t)sqlite3_column_int64(s, 1);
	else if (streq(key, "next_oid"))
		c->next_oid = load_oid(s, 1);
	else if (streq(key, "database_oid"))
		c->db_oid = load_oid(s, 1);
	else if (streq(key, "format_version") && sqlite3_column_int(s, 1) != FORMAT_VERSION) {
		err_set(err, "55000", "%s has format %d, and this program reads and writes format %d",
			sqlite3_db_filename(sqlite3_db_handle(s), "main"), sqlite3_column_int(s, 1), FORMAT_VERSION);
		return err_hint(err, "Use the program that made it, or move the file away: with a primary it is copied again.");
	}
	return 0;
}

static int load_role(Catalog *c, sqlite3_stmt *s, Error *err)
{
	*APPEND(c, c->roles, c->nroles) = (CatRole){ .oid = load_oid(s, 0),
						     .name = load_text(c, s, 1),
						     .super = sqlite3_column_int(s, 2),
						     .inherit = sqlite3_column_int(s, 3),
						     .createrole = sqlite3_column_int(s, 4),
						     .createdb = sqlite3_column_int(s, 5),
						     .login = sqlite3_column_int(s, 6),
						     .replication = sqlite3_column_int(s, 7),
						     .bypassrls = sqlite3_column_int(s, 8),
						     .connlimit = sqlite3_column_int(s, 9),
						     .password = load_text(c, s, 10),
						     .valid_until = load_text(c, s, 11) };
	return 0;
}

static int load_member(Catalog *c, sqlite3_stmt *s, Error *err)
{
	*APPEND(c, c->members, c->nmembers) = (CatMember){ load_oid(s, 0), load_oid(s, 1), load_oid(s, 2), sqlite3_column_int(s, 3) };
	return 0;
}

static int load_acl(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatAcl *k = APPEND(c, c->acls, c->nacls);
	*k = (CatAcl){ .classoid = load_oid(s, 0), .objoid = load_oid(s, 1), .objsubid = sqlite3_column_int(s, 2) };
	k->items = acl_read(load_text(c, s, 3), c->arena, &k->n);
	return 0;
}

static int load_schema(Catalog *c, sqlite3_stmt *s, Error *err)
{
	load_note_oid(c, load_oid(s, 0));
	*APPEND(c, c->schemas, c->nschemas) = (CatSchema){ .oid = load_oid(s, 0), .name = load_text(c, s, 1), .owner = load_oid(s, 2) };
	return 0;
}

static int load_relation(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = arena_new_of(c->arena, CatRel);
	r->oid = load_oid(s, 0);
	r->schema = load_oid(s, 1);
	r->name = load_text(c, s, 2);
	r->kind = (RelKind)load_char(s, 3);
	r->owner = load_oid(s, 4);
	r->sqlite_name = load_text(c, s, 5);
	r->view_sql = load_text(c, s, 6);
	r->rowid_col = (int16_t)sqlite3_column_int(s, 7);
	r->rowtype = load_oid(s, 8);
	r->arraytype = load_oid(s, 9);
	r->persistence = load_char(s, 10);
	r->on_commit = load_char(s, 11);
	r->check_option = load_char(s, 12);
	r->populated = sqlite3_column_int(s, 13);
	load_note_oid(c, r->oid);
	*APPEND(c, c->rels, c->nrels) = r;
	char key[128];
	map_put(&c->rel_by_name, catalog_name_key(key, sizeof key, r->schema, r->name), r);
	uint64_t oid = r->oid;
	map_put(&c->rel_by_oid, map_u64_key(&oid), r);
	return 0;
}

static int load_column(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	int attnum = sqlite3_column_int(s, 1);
	if (!r || attnum != (int)r->ncols + 1)
		return load_damaged(err, "column of relation", load_oid(s, 0));
	CatColumn *col = APPEND(c, r->cols, r->ncols);
	*col = (CatColumn){ .attnum = (int16_t)attnum,
			    .name = load_text(c, s, 2),
			    .type = catalog_type(c, load_oid(s, 3)),
			    .typmod = sqlite3_column_int(s, 4),
			    .not_null = sqlite3_column_int(s, 5),
			    .dropped = sqlite3_column_int(s, 6),
			    .identity = load_char(s, 7),
			    .generated = load_char(s, 8),
			    .default_sql = load_text(c, s, 9),
			    .sequence = load_oid(s, 10),
			    .sqlite_name = load_text(c, s, 11) };
	if (!col->type && col->dropped)
		col->type = pgtype_builtin(23); /* its type may have been dropped since */
	if (!col->type)
		return load_damaged(err, "type", load_oid(s, 3));
	return 0;
}

/* Attribute 0 of each place is the relation itself. */
static int load_view_name(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatRel *r = catalog_find_rel(c, load_oid(s, 0));
	size_t attnum = (size_t)sqlite3_column_int(s, 1);
	if (!r || (attnum && !r->nview_names) || attnum > 1600)
		return load_damaged(err, "names of view", load_oid(s, 0));
	if (!attnum) {
		*APPEND(c, r->view_names, r->nview_names) =
			(CatViewName){ .name = load_text(c, s, 2), .schema = load_text(c, s, 3), .oid = load_oid(s, 4) };
		return 0;
	}
	CatViewName *n = &r->view_names[r->nview_names - 1];
	while (n->ncols < attnum)
		*APPEND(c, n->cols, n->ncols) = NULL;
	n->cols[attnum - 1] = load_text(c, s, 2);
	return 0;
}

static int load_index(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatIndex *x = arena_new_of(c->arena, CatIndex);
	x->oid = load_oid(s, 0);
	x->table = catalog_find_rel(c, load_oid(s, 1));
	if (!x->table)
		return load_damaged(err, "index", x->oid);
	x->name = load_text(c, s, 2);
	x->sqlite_name = load_text(c, s, 3);
	x->unique = sqlite3_column_int(s, 4);
	x->primary = sqlite3_column_int(s, 5);
	x->nulls_not_distinct = sqlite3_column_int(s, 6);
	x->predicate = load_text(c, s, 7);
	x->method = load_text(c, s, 8);
	x->storage = load_char(s, 9);
	load_note_oid(c, x->oid);
	*APPEND(c, x->table->indexes, x->table->nindexes) = x;
	return 0;
}

static int load_index_key(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatIndex *x = (CatIndex *)catalog_index(c, load_oid(s, 0));
	if (!x)
		return load_damaged(err, "key of index", load_oid(s, 0));
	size_t n = x->nkeys;
	x->keys = load_grow(c, x->keys, n, sizeof *x->keys);
	x->exprs = load_grow(c, x->exprs, n, sizeof *x->exprs);
	x->options = load_grow(c, x->options, n, sizeof *x->options);
	x->opclasses = load_grow(c, x->opclasses, n, sizeof *x->opclasses);
	x->opclasses[n] = load_text(c, s, 4);
	x->contents = load_grow(c, x->contents, n, sizeof *x->contents);
	x->contents[n] = load_char(s, 5);
	x->keys[n] = (int16_t)sqlite3_column_int(s, 1);
	x->exprs[n] = load_text(c, s, 2);
	x->options[n] = (uint8_t)sqlite3_column_int(s, 3);
	x->nkeys++;
	return 0;
}

static int load_constraint(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatConstraint *k = arena_new_of(c->arena, CatConstraint);
	k->oid = load_oid(s, 0);
	k->table = catalog_find_rel(c, load_oid(s, 1));
	k->name = load_text(c, s, 2);
	k->type = load_char(s, 3);
	k->cols = load_attnums(c, (const char *)sqlite3_column_text(s, 4), &k->ncols);
	k->index = (CatIndex *)catalog_index(c, load_oid(s, 5));
	k->ref = catalog_find_rel(c, load_oid(s, 6));
	size_t nref;
	k->ref_cols = load_attnums(c, (const char *)sqlite3_column_text(s, 7), &nref);
	k->on_update = load_char(s, 8);
	k->on_delete = load_char(s, 9);
	k->match = load_char(s, 10);
	k->deferrable = sqlite3_column_int(s, 11);
	k->deferred = sqlite3_column_int(s, 12);
	k->check_sql = load_text(c, s, 13);
	k->not_valid = sqlite3_column_int(s, 14);
	k->no_inherit = sqlite3_column_int(s, 15);
	if (!k->table || (k->type == 'f' && (!k->ref || nref != k->ncols)))
		return load_damaged(err, "constraint", k->oid);
	load_note_oid(c, k->oid);
	*APPEND(c, k->table->constraints, k->table->nconstraints) = k;
	return 0;
}

static int load_sequence(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatSequence *q = arena_new_of(c->arena, CatSequence);
	q->oid = load_oid(s, 0);
	q->rel = catalog_find_rel(c, q->oid);
	if (!q->rel)
		return load_damaged(err, "sequence", q->oid);
	q->type_oid = load_oid(s, 1);
	q->start = sqlite3_column_int64(s, 2);
	q->increment = sqlite3_column_int64(s, 3);
	q->min = sqlite3_column_int64(s, 4);
	q->max = sqlite3_column_int64(s, 5);
	q->cache = sqlite3_column_int64(s, 6);
	q->cycle = sqlite3_column_int(s, 7);
	q->owner_table = load_oid(s, 8);
	q->owner_attnum = (int16_t)sqlite3_column_int(s, 9);
	*APPEND(c, c->seqs, c->nseqs) = q;
	return 0;
}

static int load_comment(Catalog *c, sqlite3_stmt *s, Error *err)
{
	*APPEND(c, c->comments, c->ncomments) = (CatComment){
		.objoid = load_oid(s, 0), .classoid = load_oid(s, 1), .objsubid = sqlite3_column_int(s, 2), .text = load_text(c, s, 3)
	};
	return 0;
}

static const struct {
	const char *sql;
	RowFn fn;
} loads[] = {
	{ "SELECT key, value FROM _understudy_meta", load_meta },
	{ "SELECT oid, name, super, inherit, createrole, createdb, login, replication, bypassrls, connlimit, password, valid_until "
	  "FROM _understudy_role ORDER BY oid",
	  load_role },
	{ "SELECT role, member, grantor, admin FROM _understudy_role_member ORDER BY role, member", load_member },
	{ "SELECT classoid, objoid, objsubid, items FROM _understudy_acl ORDER BY classoid, objoid, objsubid", load_acl },
	{ "SELECT oid, name, owner FROM _understudy_schema ORDER BY oid", load_schema },
	{ "SELECT oid, name, schema, owner, version, first_oid, types FROM _understudy_extension ORDER BY oid", extension_load },
	{ "SELECT oid, schema, name, kind, owner, sqlite_name, view_sql, rowid_col, rowtype, arraytype, persistence, on_commit, "
	  "check_option, populated "
	  "FROM _understudy_relation ORDER BY oid",
	  load_relation },
	{ "SELECT oid, schema, name, kind, owner, array_oid, elem, relid FROM _understudy_type ORDER BY oid", load_type },
	{ "SELECT type, label, oid, sort FROM _understudy_enum ORDER BY type, sort", load_enum_label },
	{ "SELECT type, base, typmod, not_null, default_sql, collation FROM _understudy_domain", load_domain },
	{ "SELECT oid, domain, name, check_sql, test, validated FROM _understudy_domain_check ORDER BY domain, name", load_domain_check },
	{ "SELECT type, subtype, multirange, collation, opclass, diff FROM _understudy_range", load_range },
	{ "SELECT rel, attnum, name, type, typmod, not_null, dropped, identity, generated, default_sql, sequence, sqlite_name "
	  "FROM _understudy_column ORDER BY rel, attnum",
	  load_column },
	{ "SELECT view, attnum, name, schema, oid FROM _understudy_view_name ORDER BY view, pos, attnum", load_view_name },
	{ "SELECT oid, rel, name, sqlite_name, is_unique, is_primary, nulls_not_distinct, predicate, method, storage FROM "
	  "_understudy_index ORDER "
	  "BY oid",
	  load_index },
	{ "SELECT idx, attnum, expr, options, opclass, content FROM _understudy_index_key ORDER BY idx, pos", load_index_key },
	{ "SELECT oid, rel, name, type, cols, idx, ref, ref_cols, on_update, on_delete, match, is_deferrable, is_deferred, check_sql, "
	  "not_valid, no_inherit "
	  "FROM _understudy_constraint ORDER BY oid",
	  load_constraint },
	{ "SELECT child, parent FROM _understudy_inherits ORDER BY child, seq", load_inherits },
	{ "SELECT obj, sub FROM _understudy_inherited", load_inherited },
	{ "SELECT rel, type FROM _understudy_typed", load_typed },
	{ "SELECT rel, strategy FROM _understudy_partitioned", load_partitioned },
	{ "SELECT rel, attnum, expr, type, opclass FROM _understudy_partition_key ORDER BY rel, pos", load_partition_key },
	{ "SELECT rel, side, kind, value, pos FROM _understudy_partition_bound ORDER BY rel, side, pos", load_partition_bound },
	{ "SELECT oid, type, start, increment, min, max, cache, cycle, owner_table, owner_attnum FROM _understudy_sequence ORDER BY oid",
	  load_sequence },
	{ "SELECT objoid, classoid, objsubid, text FROM _understudy_comment", load_comment },
	{ "SELECT oid, schema, name, kind, language, owner, rettype, retset, volatility, is_strict, security_definer, leakproof, parallel, "
	  "cost, rows, sql_body, config, body FROM _understudy_function ORDER BY oid",
	  load_function },
	{ "SELECT function, name, mode, type, default_sql FROM _understudy_function_arg ORDER BY function, pos", load_function_arg },
	{ "SELECT oid, rel, name, function, timing, is_row, events, cols, when_sql, enabled, is_constraint, is_deferrable, is_deferred, "
	  "old_table, new_table FROM _understudy_trigger ORDER BY rel, name",
	  load_trigger },
	{ "SELECT trigger, value FROM _understudy_trigger_arg ORDER BY trigger, pos", load_trigger_arg },
};

static int load_one(Catalog *c, sqlite3 *h, const char *sql, RowFn fn, Error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(h, sql, -1, &s, NULL);
	int failed = 0;
	while (rc == SQLITE_OK && !failed && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		failed = fn(c, s, err);
		rc = SQLITE_OK;
	}
	if (!failed && rc != SQLITE_DONE)
		failed = err_set(err, "XX001", "cannot read the catalog tables of the file: %s", sqlite3_errmsg(h));
	sqlite3_finalize(s);
	return failed;
}

/* A file that follows a primary lists the tables that are behind it. */
static int load_stale(Catalog *c, sqlite3_stmt *s, Error *err)
{
	const char *name = (const char *)sqlite3_column_text(s, 0);
	for (size_t i = 0; i < c->nrels; i++)
		if (name && c->rels[i]->kind == REL_TABLE && streq(c->rels[i]->sqlite_name, name))
			c->rels[i]->stale = true;
	return 0;
}

int catalog_load_tables(Catalog *c, Db *db, Error *err)
{
	assert(c->arena);
	c->next_temp_oid = FIRST_TEMP_OID;
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		if (load_one(c, db->h, loads[i].sql, loads[i].fn, err))
			return -1;
		if (loads[i].fn == load_type)
			load_link_arrays(c);
		if (loads[i].fn == load_column)
			load_link_rows(c);
		if (loads[i].fn == load_function_arg)
			load_finish_functions(c);
	}
	load_shape_types(c);
	if (sqlite3_table_column_metadata(db->h, "main", "_understudy_stale", "tbl", NULL, NULL, NULL, NULL, NULL) == SQLITE_OK &&
	    load_one(c, db->h, "SELECT tbl FROM _understudy_stale", load_stale, err))
		return -1;
	if (c->next_oid < FIRST_USER_OID || c->version == 0)
		return err_set(err, "XX001", "the file's catalog has no OID counter or version");
	return 0;
}
