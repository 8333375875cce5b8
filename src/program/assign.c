/* Values put into variables: scalars, rows of named types, records, and their fields. */
#include "program/internal.h"

#include <stdio.h>

void frame_set(Frame *f, int var, Val v)
{
	Val *old = &f->vals[var];
	void *bytes = old->kind == VAL_TEXT || old->kind == VAL_BLOB ? (void *)(uintptr_t)old->s.p : NULL;
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = mem_strndup(v.s.n ? v.s.p : "", v.s.n);
	*old = v;
	free(bytes);
}

static void set_shape(Frame *f, int var, const char *shape)
{
	if (f->shapes[var] && streq(f->shapes[var], shape))
		return;
	free(f->shapes[var]);
	f->shapes[var] = mem_strdup(shape);
}

static char *shape_of(Arena *a, const PgRow *row)
{
	Buf b = { 0 };
	row_print_columns(row, &b);
	char *s = arena_strndup(a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}

static int assign_null(Frame *f, const PlVar *v, Error *err)
{
	if (v->not_null)
		return err_set(err, "22004", "null value cannot be assigned to variable \"%s\" declared NOT NULL", v->name);
	frame_set(f, v->index, val_null());
	return 0;
}

static int read_row(Frame *f, const PgType *type, const Val *v, PgRow *row, Error *err)
{
	return row_read(type, v->s, program_types(f), f->scratch, row, err);
}

/* A row of a named type, from a value of another row type: column by column. */
int frame_row_cast(Frame *f, Val *v, const PgType *from, const PgType *to, Error *err)
{
	PgRow row;
	bool source = from->oid == T_RECORD || (from->typtype == 'c' && from->fields);
	if (v->kind == VAL_NULL)
		return 0;
	if (!source && v->kind == VAL_TEXT && to->typtype == 'c') { /* a literal */
		return type_in(to, -1, v->s, f->t->types, f->scratch, v, err);
	}
	if (!source)
		return err_set(err, "42804", "cannot assign non-composite value to a record variable");
	if (read_row(f, from, v, &row, err) != 0)
		return -1;
	if (to->oid == T_RECORD) {
		*v = row_val(&row, true, f->scratch);
		return 0;
	}
	Val *vals = arena_array(f->scratch, Val, to->nfields + 1);
	for (size_t i = 0; i < to->nfields; i++) {
		vals[i] = i < row.n ? row.vals[i] : val_null();
		if (i < row.n && frame_cast(f, &vals[i], row.fields[i].type, to->fields[i].type, to->fields[i].typmod, err) != 0)
			return -1;
	}
	*v = row_val(&(PgRow){ .n = to->nfields, .fields = to->fields, .vals = vals }, false, f->scratch);
	return 0;
}

static int assign_record(Frame *f, int var, Val v, const PgType *type, Error *err)
{
	PgRow row = { 0 };
	if (v.kind == VAL_NULL && type->typtype != 'c') {
		frame_set(f, var, val_null());
		return 0;
	}
	if (type->oid != T_RECORD && type->typtype != 'c')
		return err_set(err, "42804", "cannot assign non-composite value to a record variable");
	if (v.kind == VAL_NULL) {
		row = (PgRow){ .n = type->nfields, .fields = type->fields };
		set_shape(f, var, shape_of(f->scratch, &row));
		frame_set(f, var, val_null());
		return 0;
	}
	if (read_row(f, type, &v, &row, err) != 0)
		return -1;
	set_shape(f, var, shape_of(f->scratch, &row));
	frame_set(f, var, row_val(&row, true, f->scratch));
	return 0;
}

/* One field of a row variable. */
static int assign_field(Frame *f, int var, const char *name, Val v, const PgType *type, Error *err)
{
	const ProgramVar *pv = &f->p->vars[var];
	const PlVar *plv = f->p->pl->vars[var];
	PgRow row = { 0 };
	if (f->vals[var].kind != VAL_NULL) {
		if (read_row(f, pv->type ? pv->type : pgtype_builtin(T_RECORD), &f->vals[var], &row, err) != 0)
			return -1;
	} else if (pv->type) {
		row = (PgRow){ .n = pv->type->nfields, .fields = pv->type->fields };
	} else if (f->shapes[var]) {
		Str s = str_of(f->shapes[var]);
		if (row_read_columns(&s, program_types(f), f->scratch, &row, err) != 0)
			return -1;
	} else {
		err_set(err, "55000", "record \"%s\" is not assigned yet", plv->name);
		return err_detail(err, "The tuple structure of a not-yet-assigned record is indeterminate.");
	}
	Val *vals = arena_array(f->scratch, Val, row.n + 1);
	size_t at = row.n;
	for (size_t i = 0; i < row.n; i++) {
		vals[i] = f->vals[var].kind != VAL_NULL ? row.vals[i] : val_null();
		if (streq(row.fields[i].name, name))
			at = i;
	}
	if (at == row.n)
		return err_set(err, "42703", "record \"%s\" has no field \"%s\"", plv->name, name);
	if (frame_cast(f, &v, type, row.fields[at].type, row.fields[at].typmod, err) != 0)
		return -1;
	vals[at] = v;
	frame_set(f, var, row_val(&(PgRow){ .n = row.n, .fields = row.fields, .vals = vals }, !pv->type, f->scratch));
	return 0;
}

/* ".name" and nothing behind it, of a variable that is a row. */
static const char *field_path(Frame *f, const PlTarget *t)
{
	const PgType *type = f->p->vars[t->var].type;
	if (!t->path || t->path[0] != '.' || strpbrk(t->path + 1, ".[") || (type && type->typtype != 'c'))
		return NULL;
	const char *p = t->path + 1;
	while (*p == ' ')
		p++;
	char *name = arena_strdup(f->scratch, p);
	size_t n = strlen(name);
	if (*name == '"' && n > 1 && name[n - 1] == '"') {
		name[n - 1] = '\0';
		return name + 1;
	}
	for (char *c = name; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	return name;
}

int frame_assign(Frame *f, const PlTarget *target, Val v, const PgType *type, int32_t typmod, Error *err)
{
	const ProgramVar *pv = &f->p->vars[target->var];
	const PlVar *plv = f->p->pl->vars[target->var];
	if (target->path) {
		const char *name = field_path(f, target);
		if (!name)
			return err_refuse(err, 0, "INTO of a part of a variable is not available in SQLite mode");
		return assign_field(f, target->var, name, v, type, err);
	}
	if (!pv->type)
		return assign_record(f, target->var, v, type, err);
	if (v.kind == VAL_NULL)
		return assign_null(f, plv, err);
	if (frame_cast(f, &v, type, pv->type, type->oid == pv->type->oid && typmod == pv->typmod ? -1 : pv->typmod, err) != 0)
		return -1;
	frame_set(f, target->var, v);
	return 0;
}

/* The columns of a result as a record. */
int frame_record_value(Frame *f, const Plan *plan, const Val *row, Val *out, char **shape, Error *err)
{
	PgField *fields = arena_array(f->scratch, PgField, plan->ncols + 1);
	Val *none = arena_array(f->scratch, Val, plan->ncols + 1);
	for (size_t i = 0; i < plan->ncols; i++)
		fields[i] = (PgField){ plan->cols[i].name, plan->cols[i].type, plan->cols[i].typmod };
	const PgRow r = { .n = plan->ncols, .fields = fields, .vals = row ? (Val *)(uintptr_t)row : none };
	if (shape)
		*shape = shape_of(f->scratch, &r);
	*out = row_val(&r, true, f->scratch);
	return 0;
}

/* The columns of a result as a row of a named type. */
int frame_row_value(Frame *f, const PgType *type, const Plan *plan, const Val *row, Val *out, Error *err)
{
	Val *vals = arena_array(f->scratch, Val, type->nfields + 1);
	for (size_t i = 0; i < type->nfields; i++) {
		vals[i] = row && i < plan->ncols ? row[i] : val_null();
		if (row && i < plan->ncols &&
		    frame_cast(f, &vals[i], plan->cols[i].type, type->fields[i].type, type->fields[i].typmod, err) != 0)
			return -1;
	}
	*out = row_val(&(PgRow){ .n = type->nfields, .fields = type->fields, .vals = vals }, false, f->scratch);
	return 0;
}

static int assign_whole(Frame *f, int var, const Plan *plan, const Val *row, Error *err)
{
	const ProgramVar *pv = &f->p->vars[var];
	Val v;
	if (pv->type) {
		if (!row)
			frame_set(f, var, val_null());
		else if (frame_row_value(f, pv->type, plan, row, &v, err) != 0)
			return -1;
		else
			frame_set(f, var, v);
		return 0;
	}
	char *shape;
	if (frame_record_value(f, plan, row, &v, &shape, err) != 0)
		return -1;
	set_shape(f, var, shape);
	frame_set(f, var, row ? v : val_null());
	return 0;
}

int frame_assign_row(Frame *f, const PlTarget *targets, size_t n, const Plan *plan, const Val *row, Error *err)
{
	const PgType *only = n == 1 ? f->p->vars[targets->var].type : NULL;
	if (n == 1 && !targets->path && (!only || only->typtype == 'c'))
		return assign_whole(f, targets->var, plan, row, err);
	for (size_t i = 0; i < n; i++) {
		bool have = row && i < plan->ncols;
		Val v = have ? row[i] : val_null();
		const PgType *type = have ? plan->cols[i].type : pgtype_builtin(T_TEXT);
		if (frame_assign(f, &targets[i], v, type, have ? plan->cols[i].typmod : -1, err) != 0)
			return -1;
	}
	return 0;
}
