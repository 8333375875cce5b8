/* Inside the program room: compiled programs, and a call that runs. */
#ifndef US_PROGRAM_INTERNAL_H
#define US_PROGRAM_INTERNAL_H

#include "pgtype/row.h"
#include "program/program.h"
#include "sql/program.h"

#include "sql/oids.h"

/* A statement or expression of a program with its plan, made when it is first run. */
typedef struct StmtPlan {
	CachedPlan *plan;
	uint64_t key;
	uint32_t want; /* type of its only column; 0: as it is */
	int32_t want_typmod;
	int *records; /* record variables that it reads, and their columns then */
	char **shapes;
	size_t nrecords;
} StmtPlan;

typedef struct ProgramVar {
	const PgType *type; /* NULL for a record */
	int32_t typmod;
} ProgramVar;

/* A function, or a trigger function for one table, compiled. */
typedef struct Program {
	int refs;
	Catalog *cat; /* referenced: types point into it */
	uint64_t key; /* settings */
	Arena *a;
	const CatFunction *fn; /* NULL for DO */
	const char *name;      /* for CONTEXT: "f(integer)" */
	PlFunction *pl;	       /* PL/pgSQL */
	const PgProc *proc;    /* SQL: with its statements' texts */
	Str *stmts;
	StmtPlan *plans; /* by PlExpr.id, or one per statement */
	size_t nplans;
	ProgramVar *vars;
	uint32_t *arg_types; /* of the parameters that go in */
	size_t nargs;
	uint32_t rettype;
	bool returns_row; /* rettype is composite or record */
} Program;

typedef struct Programs Programs;
struct Programs {
	Map by_key;
	Map plans; /* the interpreter's own, by a name for what they do -> Program with one plan */
	int depth;
	const char *stack; /* where the outermost call began */
	struct Frame *innermost;
};

/* The rows of a set, or of anything else that is wanted as rows. */
typedef struct Frame Frame;

/* What a trigger function is told. */
typedef struct TriggerCall {
	const CatTrigger *trigger;
	const char *op; /* INSERT UPDATE DELETE TRUNCATE */
	Val new_row, old_row;
} TriggerCall;

struct Frame {
	SqliteTxn *t;
	Program *p;
	Frame *outer;
	Val *vals;	   /* of the variables; bytes are owned */
	char **shapes;	   /* of record variables: their columns as a record's value begins with them; NULL = never assigned */
	Arena *scratch;	   /* values of the statement that runs */
	Arena *keep;	   /* for the whole call */
	const PlStmt *at;  /* for CONTEXT */
	const char *phase; /* instead of a statement: "during function entry" */
	const char *label; /* of EXIT and CONTINUE under way */
	Val result;
	const PgType *result_type; /* of a result that is a row of its own type */
	bool returned;
	FnRows *rows; /* of a set */
	uint64_t row_count;
	Error *caught; /* the error that is being handled, for RAISE; and GET STACKED DIAGNOSTICS */
	const TriggerCall *trigger;
	bool writes; /* volatile: its statements may write */
};

typedef enum Flow { FLOW_ERROR = -1, FLOW_NEXT, FLOW_EXIT, FLOW_CONTINUE, FLOW_RETURN } Flow;

/* compile.c */
Programs *programs_of(SqliteTxn *t);
void programs_free(Programs *p);
int program_env(SqliteTxn *t, SqlEnv *env, uint64_t *key, Error *err);
/* The program for a function; `rel` for triggers. `types`: "result,arguments" of a polymorphic call. Referenced. */
Program *program_find(SqliteTxn *t, const CatFunction *fn, const CatRel *rel, Str types, Error *err);
Program *program_inline(SqliteTxn *t, Str body, Error *err);
void program_unref(Program *p);
/* A plan of the interpreter's own that is still valid; keeps one. */
CachedPlan *program_kept(SqliteTxn *t, const char *name, uint64_t key);
void program_keep(SqliteTxn *t, const char *name, uint64_t key, CachedPlan *plan);
TypeSource program_types(const Frame *f);

/* plans.c */
CachedPlan *frame_plan(Frame *f, const PlExpr *e, uint32_t want, int32_t typmod, Error *err);
CachedPlan *frame_plan_wants(Frame *f, const PlExpr *e, const SqlWants *wants, Error *err);
CachedPlan *frame_plan_assign(Frame *f, const PlExpr *e, int var, Error *err);
CachedPlan *frame_plan_sql(Frame *f, size_t stmt, bool last, Error *err);
/* The query of a cursor whose text is computed, with the values of USING. */
CachedPlan *frame_plan_cursor(Frame *f, const PlStmt *s, const Val **params, size_t *n, Error *err);
/* A statement whose text was computed. */
CachedPlan *frame_plan_dynamic(Frame *f, Str text, const uint32_t *types, size_t n, Error *err);

/* eval.c */
int frame_run(Frame *f, CachedPlan *plan, NestedRow fn, void *ctx, uint64_t *rows, Error *err);
/* The one value of an expression, in f->scratch. */
int frame_eval(Frame *f, const PlExpr *e, const PgType *want, int32_t typmod, Val *out, const PgType **type, Error *err);
int frame_eval_bool(Frame *f, const PlExpr *e, bool *out, bool *is_null, Error *err);
int frame_eval_text(Frame *f, const PlExpr *e, Val *out, Error *err);
/* A value of one type as one of another, by assignment or through text. */
int frame_cast(Frame *f, Val *v, const PgType *from, const PgType *to, int32_t typmod, Error *err);
/* A value as text, as the session would print it. */
int frame_text(Frame *f, const Val *v, const PgType *type, Str *out, Error *err);
Val frame_keep(Arena *a, Val v);

/* assign.c */
void frame_set(Frame *f, int var, Val v);
int frame_assign(Frame *f, const PlTarget *target, Val v, const PgType *type, int32_t typmod, Error *err);
/* The columns of a row to INTO's targets; row NULL: all NULL. */
int frame_assign_row(Frame *f, const PlTarget *targets, size_t n, const Plan *plan, const Val *row, Error *err);
int frame_row_value(Frame *f, const PgType *type, const Plan *plan, const Val *row, Val *out, Error *err);
int frame_record_value(Frame *f, const Plan *plan, const Val *row, Val *out, char **shape, Error *err);
int frame_row_cast(Frame *f, Val *v, const PgType *from, const PgType *to, Error *err);

/* exec.c */
Flow frame_exec(Frame *f, const PlStmt *s, Error *err);
Flow frame_body(Frame *f, const PlBody *b, Error *err);
Flow frame_sql(Frame *f, const PlStmt *s, Error *err);
Flow frame_execute(Frame *f, const PlStmt *s, Error *err);
/* The plan and parameters of a query that may be dynamic. */
typedef struct Rows {
	Arena *a;
	Val **items;
	size_t n, cap, limit;
	int width;
} Rows;
int frame_query(Frame *f, const PlStmt *s, const SqlWants *wants, Rows *out, CachedPlan **plan, Error *err);
int frame_utility(Frame *f, CachedPlan *plan, Error *err);

/* loop.c, return.c, raise.c, cursor.c */
Flow frame_loop(Frame *f, const PlStmt *s, Error *err);
/* After a body: true when the loop is over, with what it ends in. */
bool frame_loop_ends(Frame *f, const PlStmt *s, Flow *flow);
Flow frame_cursor(Frame *f, const PlStmt *s, Error *err);
Flow frame_cursor_loop(Frame *f, const PlStmt *s, Error *err);
Flow frame_return(Frame *f, const PlStmt *s, Error *err);
Flow frame_raise(Frame *f, const PlStmt *s, Error *err);
Flow frame_assert(Frame *f, const PlStmt *s, Error *err);
Flow frame_diagnostics(Frame *f, const PlStmt *s, Error *err);
Flow frame_block(Frame *f, const PlStmt *s, Error *err);
void frame_context(const Frame *f, Error *err);

/* call.c */
int program_run(SqliteTxn *t, Program *p, const Val *args, size_t nargs, const TriggerCall *trigger, FnRows *rows, Val *out, Arena *a,
		Val *out_vars, Error *err);
int program_call_inside(Frame *f, CachedPlan *plan, Error *err);

/* trigger.c: ProgramHooks */
int program_write_row(SqliteTxn *t, const struct PlanWrite *w, Val *row, Arena *store, const RowInTheWay *way,
		      struct ProgramEvents **events, Error *err);
int program_fire_statement(SqliteTxn *t, const struct PlanWrite *w, char timing, struct ProgramEvents **events, Error *err);
int program_fire_after(SqliteTxn *t, struct ProgramEvents **events, Error *err);
void program_events_free(struct ProgramEvents *e);

#endif
