#!/usr/bin/env python3
"""Writes the table of the parse tree's nodes and fields: gen_fields.py fields.txt pg_query.proto > gen_fields.c (run by the build).

Every node kind of fields.txt gets all of libpg_query's fields; those that fields.txt does not name are marked as refused.
"""
import re
import sys

SCALARS = {"bool": "FIELD_BOOL", "string": "FIELD_STRING", "int32": "FIELD_INT", "uint32": "FIELD_INT", "int64": "FIELD_INT64"}


def read_proto(path):
    """messages: name -> [(repeated, type, field)]; enums: names; cases: message -> its field in Node"""
    text = open(path).read()
    messages, cases = {}, {}
    for name, body in re.findall(r"^message (\w+)\s*\{(.*?)^\}", text, re.M | re.S):
        found = re.findall(r"(repeated\s+)?(\w+) (\w+) = \d+", body)
        messages[name] = [(bool(r), t, f) for r, t, f in found]
        if name == "Node":
            cases = {t: f for _, t, f in found}
    return messages, set(re.findall(r"^enum (\w+)", text, re.M)), cases


def read_fields(path):
    listed = {}
    for line in open(path):
        line = line.split("#")[0].strip()
        if line:
            kind, _, rest = line.partition(":")
            use = listed.setdefault(kind, {})
            for word in rest.split():
                name, _, none = word.rstrip("~").partition("=")
                use[name] = ("FIELD_MEANINGLESS" if word.endswith("~") else "FIELD_READ", none)
    return listed


def c_type(message):
    return "PgQuery__" + message.replace("_", "")


def rule(message, repeated, kind, field, use, enums, listed):
    """One FieldRule, and whether the check has to look at the field."""
    child, count = "NULL", "0"
    member = "offsetof(%s, %s)" % (c_type(message), field)
    if kind == "Node":
        what = "FIELD_NODES" if repeated else "FIELD_NODE"
    elif kind in SCALARS:
        what = SCALARS[kind]
    elif kind in enums:
        what = "FIELD_ENUM"
    else:
        what = "FIELD_MESSAGE"
        child = "&rules_" + kind if kind in listed else "NULL"
    if repeated:
        count = "offsetof(%s, n_%s)" % (c_type(message), field)
    how, none = use
    looked_at = how == "FIELD_REFUSED" or (how == "FIELD_READ" and what in ("FIELD_NODE", "FIELD_NODES", "FIELD_MESSAGE"))
    none = '"%s"' % none if none else "NULL"
    return looked_at, '\t{ "%s", %s, %s, %s, %s, %s, %s },' % (field, what, how, member, count, child, none)


def table(message, fields, listed, enums):
    use, rows = listed[message], []
    for repeated, kind, field in fields:
        if field in ("location", "xpr"):
            continue
        if message == "A_Const" and field != "isnull":  # a union of leaves
            continue
        rows.append(rule(message, repeated, kind, field, use.get(field, ("FIELD_REFUSED", "")), enums, listed))
    unknown = set(use) - {f for _, _, f in fields}
    if unknown:
        sys.exit("fields.txt: %s has no field %s" % (message, ", ".join(sorted(unknown))))
    rows.sort(key=lambda r: not r[0])
    looked_at = sum(r[0] for r in rows)
    at = "offsetof(%s, location)" % c_type(message) if any(f == "location" for _, _, f in fields) else "NO_LOCATION"
    body = "\n".join(r[1] for r in rows) or "\t{ 0 },"
    return """static const FieldRule fields_%s[] = {
%s
};
static const NodeRules rules_%s = { "%s", fields_%s, %d, %d, %s };
""" % (message, body, message, message.replace("_", ""), message, looked_at, len(rows), at)


def main():
    messages, enums, cases = read_proto(sys.argv[2])
    listed = read_fields(sys.argv[1])
    for kind in listed:
        if kind not in messages:
            sys.exit("fields.txt: libpg_query has no node %s" % kind)
    print("/* Made by scripts/gen_fields.py from fields.txt and libpg_query's definition of the tree. */")
    print('#include "sql/fields.h"\n\n#include <pg_query/pg_query.pb-c.h>\n#include <stddef.h>\n')
    for kind in listed:
        print("static const NodeRules rules_%s;" % kind)
    for kind in listed:
        print(table(kind, messages[kind], listed, enums))
    print("const NodeRules *const node_rules[] = {")
    for kind in listed:
        if kind in cases:
            print("\t[PG_QUERY__NODE__NODE_%s] = &rules_%s," % (cases[kind].upper(), kind))
    print("};\nconst size_t node_rules_count = sizeof(node_rules) / sizeof(node_rules[0]);")


main()
