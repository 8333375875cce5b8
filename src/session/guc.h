/*
 * Settings of a session, with PostgreSQL's names, defaults and checks (guc.c of PostgreSQL 15).
 * Changes belong to the transaction they are made in: guc_commit keeps them, guc_rollback undoes them, SET LOCAL lasts until either.
 */
#ifndef US_SESSION_GUC_H
#define US_SESSION_GUC_H

#include "base/buf.h"
#include "base/err.h"
#include "pgtype/pgtype.h"
#include "sql/plan.h"

typedef enum { GUC_BOOL, GUC_INT, GUC_REAL, GUC_STRING, GUC_ENUM } GucType;

/* Who may change it and when; from least to most. */
typedef enum { GUC_INTERNAL, GUC_POSTMASTER, GUC_SIGHUP, GUC_BACKEND, GUC_SUPERUSER, GUC_USER } GucContext;

typedef struct GucDef {
	const char *name;
	GucType type;
	const char *boot;	    /* PostgreSQL 15's value */
	double min, max;	    /* INT and REAL */
	const char *const *options; /* ENUM */
	const char *unit;	    /* "ms", "kB", "8kB", "s", "min", "MB" or NULL */
	bool report;		    /* ParameterStatus on change */
	GucContext context;
	const char *desc, *more; /* short_desc and extra_desc of pg_settings */
	const char *category;	 /* NULL: not listed by pg_settings and SHOW ALL */
} GucDef;

extern const GucDef guc_defs[]; /* ascending by name without regard to case; ends with a NULL name */
extern const size_t guc_ndefs;
const GucDef *guc_def(const char *name);

typedef struct Guc Guc;

/* What the session wants to hear: called for every effective change; reports go to `report`. */
typedef struct GucListener {
	void *ctx;
	void (*changed)(void *ctx, const char *name, const char *value);
	void (*report)(void *ctx, const char *name, const char *value);
} GucListener;

Guc *guc_new(TypeEnv *types, GucListener listener);
void guc_free(Guc *g);
/* Sets the value the session starts with (startup packet, server): RESET goes back to it. */
int guc_set_start(Guc *g, const char *name, const char *value, Error *err);
/* "default", "client" (set at the start) or "session", as pg_settings.source; and the value that RESET goes back to. */
const char *guc_source(const Guc *g, const char *name);
const char *guc_start(const Guc *g, const char *name);
/* SET; value NULL = DEFAULT. */
int guc_set(Guc *g, const char *name, const char *value, bool local, Error *err);
int guc_reset_all(Guc *g, Error *err);
/* NULL: 42704. The string lives until the setting changes. */
const char *guc_get(Guc *g, const char *name, Error *err);
/* As SHOW prints it: with units ("1min"). */
const char *guc_show(Guc *g, const char *name, Arena *a, Error *err);
bool guc_bool(Guc *g, const char *name);
int64_t guc_int(Guc *g, const char *name);
/* Changes with every setting that planning depends on. */
uint64_t guc_plan_key(const Guc *g);
/* Something else that plans depend on: kept apart by this text. */
void guc_mark_plans(Guc *g, const char *mark);

/* The schemas that a value of search_path names; $user becomes `user`. One allocation, the caller's to free; it has room for one
 * name more. */
const char **guc_search_path(const char *value, const char *user, size_t *n);
/* The value that a SET gives: a list joined as PostgreSQL keeps it, schema names with quotes when they need them. */
void guc_plan_value(const Plan *plan, Buf *out);

void guc_commit(Guc *g);
void guc_rollback(Guc *g);
void guc_savepoint(Guc *g, int level);
void guc_rollback_to(Guc *g, int level);

#endif
