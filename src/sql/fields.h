/*
 * Which nodes of the parse tree, and which of their fields, SQLite mode knows: the guard against syntax that is accepted and ignored.
 * fields.txt says it, the build makes the tables from it and from libpg_query's definition of the tree.
 */
#ifndef US_SQL_FIELDS_H
#define US_SQL_FIELDS_H

#include "sql/analyze.h"

typedef enum FieldType { FIELD_NODE, FIELD_NODES, FIELD_MESSAGE, FIELD_BOOL, FIELD_INT, FIELD_INT64, FIELD_STRING, FIELD_ENUM } FieldType;
typedef enum FieldUse { FIELD_REFUSED, FIELD_READ, FIELD_MEANINGLESS } FieldUse;
enum { NO_LOCATION = 0xffff };

typedef struct NodeRules NodeRules;

typedef struct FieldRule {
	const char *name;
	FieldType type;
	FieldUse use;
	uint16_t offset, count_offset;
	const NodeRules *message; /* FIELD_MESSAGE: its rules, NULL when it is refused */
	const char *none;	  /* the value that says nothing, when it is not the empty one */
} FieldRule;

struct NodeRules {
	const char *name;
	const FieldRule *fields;
	uint16_t nchecked; /* the first ones: refused, or with nodes below */
	uint16_t nfields;
	uint16_t location_offset;
};

extern const NodeRules *const node_rules[]; /* by node_case */
extern const size_t node_rules_count;

/* 0A000 when the statement holds a node or a field that is not known. */
int fields_check(ParseState *ps, const RawStmt *raw);
/* 0A000 with the statement's name; -1. */
int fields_refuse_statement(ParseState *ps, const RawStmt *raw);

#endif
