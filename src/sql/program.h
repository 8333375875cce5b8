/*
 * Functions of the user, as statements see them and as their own statements see their parameters: for the planners of DDL here and for
 * the interpreter (program/).
 */
#ifndef US_SQL_PROGRAM_H
#define US_SQL_PROGRAM_H

#include "plpgsql/tree.h"
#include "sql/plan.h"

/* The parameters of a function in language SQL, for its statements. `p` must outlive `out`. `types`: the actual ones of the call. */
void sql_function_vars(const PgProc *p, const uint32_t *types, Arena *a, SqlVars *out);
/* What the last statement of such a function must give. */
void sql_function_wants(const Catalog *cat, const PgProc *p, uint32_t rettype, Arena *a, SqlWants *out);
/* 42P13 when a plan does not give it. */
int sql_function_check(const Catalog *cat, const PgProc *p, uint32_t rettype, const Plan *last, Arena *a, Error *err);
/* What the reader of a PL/pgSQL body needs to know; the parameters are all of them, those that come out included. */
void sql_function_signature(const CatFunction *f, Arena *a, PlSignature *out);
/* "f(integer, text)" of a function of the user. */
const char *sql_function_name(const Catalog *cat, const CatFunction *f, bool qualified, Arena *a);

#endif
