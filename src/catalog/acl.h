/*
 * Roles and privileges: who may do what with which object, by PostgreSQL's rules (acl.c).
 *
 * A role that the file does not know, because it has only logged in so far, is a superuser: without authentication there is nothing to
 * protect from it. Roles made by CREATE ROLE have what was given to them.
 */
#ifndef US_CATALOG_ACL_H
#define US_CATALOG_ACL_H

#include "catalog/catalog.h"

/* The bits of PostgreSQL's AclMode. */
enum {
	ACL_INSERT = 1 << 0,
	ACL_SELECT = 1 << 1,
	ACL_UPDATE = 1 << 2,
	ACL_DELETE = 1 << 3,
	ACL_TRUNCATE = 1 << 4,
	ACL_REFERENCES = 1 << 5,
	ACL_TRIGGER = 1 << 6,
	ACL_EXECUTE = 1 << 7,
	ACL_USAGE = 1 << 8,
	ACL_CREATE = 1 << 9,
	ACL_TEMP = 1 << 10,
	ACL_CONNECT = 1 << 11,
};

/* pg_class, pg_namespace, pg_database as the classoid of an ACL */
enum { CLASS_RELATION = 1259, CLASS_SCHEMA = 2615, CLASS_DATABASE = 1262, CLASS_FUNCTION = 1255, CLASS_TYPE = 1247, CLASS_LANGUAGE = 2612 };

/* What is granted on: its kind (r S n d f T l; c a column), and who owns it. */
typedef struct AclObject {
	char kind;
	uint32_t classoid, objoid, owner;
	int32_t objsubid;
} AclObject;

AclObject acl_of_rel(const CatRel *r);
AclObject acl_of_column(const CatRel *r, int attnum);
AclObject acl_of_schema(const CatSchema *s);
AclObject acl_of_database(const Catalog *c);
AclObject acl_of_function(const Catalog *c, uint32_t oid);
AclObject acl_of_type(const PgType *t);
AclObject acl_of_language(uint32_t oid);

/* Everything that can be granted on a kind of object. */
uint32_t acl_all(char kind);
/* "select" -> its bit; 0: none. */
uint32_t acl_privilege(const char *word);
/* What was granted: the stored list, or PostgreSQL's default for the object. A copy in `a`. */
AclItem *acl_items(const Catalog *c, const AclObject *o, Arena *a, size_t *n);
/* The default alone. */
AclItem *acl_default(char kind, uint32_t owner, Arena *a, size_t *n);
/* The text of aclitem[], or NULL when there is nothing but the default. */
const char *acl_text(const Catalog *c, const AclObject *o, Arena *a);
const char *acl_items_text(const Catalog *c, const AclItem *items, size_t n, Arena *a);
/* As it is kept in the file, and back. */
const char *acl_stored(const AclItem *items, size_t n, Arena *a);
AclItem *acl_read(const char *stored, Arena *a, size_t *n);

bool role_is_super(const Catalog *c, uint32_t role);
/* Whether `role` has what is granted to `target`, itself or through memberships. */
bool role_has(const Catalog *c, uint32_t role, uint32_t target);
/* The same, whether it inherits or must SET ROLE first. */
bool role_is_member(const Catalog *c, uint32_t role, uint32_t target);
const CatRole *catalog_role(const Catalog *c, uint32_t oid);

/* The privileges of `wanted` that the role has on the object; role 0 and superusers have all. `options`: those it may grant. */
uint32_t acl_held(const Catalog *c, uint32_t role, const AclObject *o, uint32_t wanted, bool options);
/* The same for "public" alone. */
uint32_t acl_held_by_public(const Catalog *c, const AclObject *o, uint32_t wanted);

#endif
