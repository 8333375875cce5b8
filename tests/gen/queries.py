"""Random SQL: a small schema with rows, and statements over it that PostgreSQL mostly accepts. Everything comes from one seed.

A statement is a tree of nodes, so that one that gives two different answers can be made smaller (reduce).
"""
import random
import re

# type: (columns of the tables, literals)
LITERALS = {
    "int": ["0", "1", "-1", "2", "7", "100", "-2147483648", "2147483647", "null"],
    "bigint": ["0::bigint", "3::bigint", "-5::bigint", "9223372036854775807", "null::bigint"],
    "numeric": ["0.0", "1.5", "-2.25", "10.10", "12345678901234567890.12", "0.000", "1e-5", "null::numeric"],
    "float8": ["0::float8", "1.5::float8", "-1e10::float8", "'NaN'::float8", "'infinity'::float8", "null::float8"],
    "text": ["''", "'a'", "'ab'", "'B'", "'a b'", "'10'", "'%'", "'é'", "null::text"],
    "bool": ["true", "false", "null::bool"],
    "date": ["date '2024-02-29'", "date '2000-01-01'", "date '1999-12-31'", "null::date"],
    "timestamp": ["timestamp '2024-02-29 12:34:56.789'", "timestamp '2000-01-01 00:00'", "null::timestamp"],
    "interval": ["interval '1 day'", "interval '1 month'", "interval '-1 hour 30 minutes'", "null::interval"],
    "int[]": ["array[1, 2, 3]", "'{}'::int[]", "array[null, 2]", "null::int[]"],
    "jsonb": ["'{\"a\": 1, \"b\": [1, 2]}'::jsonb", "'[1, null, \"x\"]'::jsonb", "'null'::jsonb", "'1.50'::jsonb", "null::jsonb"],
    "timestamptz": ["timestamptz '2024-03-31 02:30:00+01'", "timestamptz '1999-12-31 23:59:59.5+00'", "timestamptz 'infinity'", "null::timestamptz"],
    "time": ["time '00:00'", "time '12:34:56.7'", "time '24:00'", "null::time"],
    "char(4)": ["'a'::char(4)", "'ab  '::char(4)", "''::char(4)", "null::char(4)"],
    "numeric(8,2)": ["1.5::numeric(8,2)", "-0.01::numeric(8,2)", "123456.78::numeric(8,2)", "null::numeric(8,2)"],
    "int4range": ["int4range(1, 5)", "int4range(3, 9, '[]')", "'empty'::int4range", "int4range(null, 4)", "null::int4range"],
    "mood": ["'sad'::mood", "'ok'::mood", "'happy'::mood", "null::mood"],
    "text[]": ["array['a', 'b']", "'{}'::text[]", "array[null, 'a b', '']", "null::text[]"],
    "uuid": ["'00000000-0000-0000-0000-00000000000a'::uuid", "'f0000000-0000-4000-8000-000000000000'::uuid", "null::uuid"],
    "bytea": ["'\\x00ff'::bytea", "''::bytea", "'\\x61'::bytea", "null::bytea"],
    "smallint": ["1::smallint", "-7::smallint", "32767::smallint", "null::smallint"],
}
TYPES = list(LITERALS)
SCALARS = [t for t in TYPES if t not in ("int[]", "jsonb", "int4range", "mood", "text[]")]
NUMBERS = ["int", "bigint", "numeric", "float8"]
ORDERED = [t for t in TYPES if t != "jsonb"]

# result type: forms whose {type} parts are expressions of that type
FORMS = {
    "int": ["{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} / {int}", "{int} % {int}", "-{int}", "abs({int})", "length({text})",
            "{text}::int", "coalesce({int}, {int})", "nullif({int}, {int})", "greatest({int}, {int})", "least({int}, {int}, {int})",
            "case when {bool} then {int} else {int} end", "case {int} when {int} then {int} end", "{date} - {date}", "position({text} in {text})",
            "array_length({int[]}, 1)", "cardinality({int[]})", "({int[]})[{int}]", "{int} & {int}", "{int} | {int}", "sign({int})::int",
            "({numeric})::int", "({float8})::int", "({bool})::int", "ascii({text})", "array_position({int[]}, {int})", "strpos({text}, {text})",
            "octet_length({text})", "mod({int}, {int})", "jsonb_array_length({jsonb})", "extract(day from {timestamp})::int",
            "({jsonb} ->> 'a')::int", "gcd({int}, {int})", "width_bucket({numeric}, 0, 10, 5)", "{int} # {int}", "~{int}"],
    "bigint": ["{bigint} + {int}", "{bigint} * {bigint}", "{int}::bigint", "{bigint} - {bigint}", "abs({bigint})", "coalesce({bigint}, {int})",
               "case when {bool} then {int} else {bigint} end", "{bigint} / {bigint}", "{bigint} % {int}", "({numeric})::bigint"],
    "numeric": ["{numeric} + {numeric}", "{numeric} - {int}", "{numeric} * {numeric}", "{numeric} / {numeric}", "round({numeric}, {small})", "abs({numeric})",
                "ceil({numeric})", "floor({numeric})", "trunc({numeric}, {small})", "{int}::numeric", "{int}::numeric(10,2)", "coalesce({numeric}, {int})",
                "{numeric} % {numeric}", "greatest({numeric}, {int})", "({numeric})::numeric(6,1)", "round({numeric})", "sign({numeric})",
                "extract(epoch from {interval})", "extract(year from {date})", "({jsonb} ->> 'a')::numeric", "power({numeric}, 2)",
                "nullif({numeric}, {numeric})", "case when {bool} then {numeric} else {int} end", "-({numeric})", "scale({numeric})::numeric"],
    "float8": ["{float8} + {float8}", "{float8} * {int}", "{float8} - {numeric}", "{float8} / {float8}", "abs({float8})", "{int}::float8", "{numeric}::float8",
               "floor({float8})", "round({float8})", "sqrt(abs({float8}))", "coalesce({float8}, {int})", "-({float8})", "sign({float8})", "trunc({float8})",
               "nullif({float8}, {float8})", "cbrt({float8})"],
    "text": ["{text} || {text}", "upper({text})", "lower({text})", "{text} || {int}", "substr({text}, {small})", "substring({text} from {small} for 2)",
             "{int}::text", "{numeric}::text", "{bool}::text", "{date}::text", "trim({text})", "replace({text}, {text}, {text})", "repeat({text}, 2)",
             "coalesce({text}, {text})", "left({text}, {small})", "right({text}, {small})", "reverse({text})", "concat({text}, {int}, {bool})",
             "concat_ws({text}, {text}, {text})", "lpad({text}, 5, '*')", "rpad({text}, 4, {text})", "split_part({text}, 'a', 1)", "md5({text})",
             "case when {bool} then {text} else {text} end", "initcap({text})", "translate({text}, 'ab', 'xy')", "{int[]}::text", "{float8}::text",
             "{timestamp}::text", "{interval}::text", "({jsonb} ->> 'a')", "{jsonb}::text", "array_to_string({int[]}, ',')", "greatest({text}, {text})",
             "to_char({date}, 'YYYY-MM-DD')", "to_char({int}, '999')", "{text}::varchar(2)", "{text}::char(3)", "format('%s-%s', {text}, {int})",
             "btrim({text}, 'a')", "overlay({text} placing 'x' from 1)", "chr(65 + abs({int}) % 20)", "quote_literal({text})", "nullif({text}, {text})",
             "to_char({timestamp}, 'HH24:MI:SS')", "jsonb_typeof({jsonb})", "quote_nullable({text})", "pg_typeof({any})::text"],
    "bool": ["{int} < {int}", "{int} = {bigint}", "{numeric} >= {numeric}", "{text} = {text}", "{text} < {text}", "{bool} and {bool}", "{bool} or {bool}",
             "not {bool}", "{any} is null", "{any} is not null", "{int} in ({int}, {int})", "{text} in ({text}, {text})", "{text} like {text}",
             "{text} not like '%a%'", "{text} ilike 'A%'", "{int} between {int} and {int}", "{date} < {timestamp}", "{int} is distinct from {int}",
             "{text} is not distinct from {text}", "{int} = any ({int[]})", "{int} <> all ({int[]})", "{int[]} @> {int[]}", "{int[]} && {int[]}",
             "{int[]} = {int[]}", "{bool} is true", "{bool} is not false", "{bool} is unknown", "{text} ~ '^a'", "{float8} > {numeric}", "{interval} < {interval}",
             "{jsonb} @> {jsonb}", "{jsonb} = {jsonb}", "{jsonb} ? 'a'", "({int}, {text}) = ({int}, {text})", "({int}, {int}) < ({int}, {int})",
             "{numeric} = {int}", "{timestamp} between {timestamp} and {timestamp}", "{bool} = {bool}", "{int[]} < {int[]}", "{text} similar to '(a|b)%'",
             "starts_with({text}, 'a')", "{date} = {date}", "coalesce({bool}, {bool})"],
    "date": ["{date} + {small}", "{date} - {small}", "{timestamp}::date", "coalesce({date}, {date})", "greatest({date}, {date})",
             "case when {bool} then {date} end", "make_date(2024, 1, 1 + abs({int}) % 28)"],
    "timestamp": ["{timestamp} + {interval}", "{timestamp} - {interval}", "{date}::timestamp", "{date} + {interval}", "date_trunc('month', {timestamp})",
                  "date_trunc('hour', {timestamp})", "coalesce({timestamp}, {timestamp})", "least({timestamp}, {date})"],
    "interval": ["{interval} + {interval}", "{interval} - {interval}", "{interval} * 2", "{timestamp} - {timestamp}", "age({timestamp}, {timestamp})",
                 "coalesce({interval}, {interval})", "justify_days({interval})", "-({interval})", "make_interval(days => {small})"],
    "int[]": ["array[{int}, {int}]", "{int[]} || {int}", "{int[]} || {int[]}", "array_append({int[]}, {int})", "({int[]})[1:2]", "array_remove({int[]}, {int})",
              "coalesce({int[]}, {int[]})", "array_cat({int[]}, {int[]})", "array(select {int} where {bool})"],
    "jsonb": ["to_jsonb({int})", "to_jsonb({text})", "jsonb_build_object('k', {int}, 'v', {text})", "{jsonb} -> 'b'", "{jsonb} -> 0", "{jsonb} || {jsonb}",
              "jsonb_build_array({int}, {text}, {bool})", "{jsonb} #> '{{b,0}}'", "to_jsonb({int[]})", "coalesce({jsonb}, {jsonb})", "{jsonb} - 'a'",
              "jsonb_set({jsonb}, '{{a}}', '9')", "to_jsonb({numeric})"],
}
MORE_FORMS = {
    "timestamptz": ["{timestamptz} + {interval}", "{timestamp} at time zone 'Europe/Berlin'", "date_trunc('day', {timestamptz})", "coalesce({timestamptz}, {timestamptz})",
                    "greatest({timestamptz}, {timestamptz})", "{timestamptz} - {interval}", "({date})::timestamptz", "case when {bool} then {timestamptz} end"],
    "time": ["({timestamp})::time", "coalesce({time}, {time})", "{time} + interval '1 hour'", "least({time}, {time})", "make_time(abs({small}), 5, 6.5)"],
    "char(4)": ["({text})::char(4)", "coalesce({char(4)}, {char(4)})", "case when {bool} then {char(4)} end"],
    "numeric(8,2)": ["({numeric})::numeric(8,2)", "({int})::numeric(8,2)", "coalesce({numeric(8,2)}, {numeric(8,2)})"],
    "int4range": ["{int4range} * {int4range}", "int4range({int}, {int})", "coalesce({int4range}, {int4range})", "range_merge({int4range}, {int4range})",
                  "int4range({int}, {int}, '[]')", "{int4range} + {int4range}"],
    "mood": ["coalesce({mood}, {mood})", "greatest({mood}, {mood})", "case when {bool} then {mood} else {mood} end", "({text})::mood", "enum_first({mood})"],
    "text[]": ["array[{text}, {text}]", "{text[]} || {text}", "array_remove({text[]}, {text})", "string_to_array({text}, 'a')", "({text[]})[2:]",
               "coalesce({text[]}, {text[]})", "array_replace({text[]}, 'a', {text})", "({int[]})::text[]"],
    "uuid": ["coalesce({uuid}, {uuid})", "greatest({uuid}, {uuid})", "nullif({uuid}, {uuid})", "md5({text})::uuid"],
    "bytea": ["{bytea} || {bytea}", "substring({bytea} from 1 for 1)", "convert_to({text}, 'UTF8')", "coalesce({bytea}, {bytea})", "decode(md5({text}), 'hex')"],
    "smallint": ["({int})::smallint", "{smallint} + {smallint}", "{smallint} / {smallint}", "abs({smallint})", "coalesce({smallint}, {smallint})", "-({smallint})"],
    "int": ["lower({int4range})", "upper({int4range})", "cardinality({text[]})", "{smallint} * {int}", "length({bytea})", "length({char(4)})", "get_byte({bytea}, 0)",
            "extract(hour from {time})::int", "{int} << 2", "extract(dow from {timestamptz})::int", "regexp_count({text}, 'a')", "num_nulls({any}, {any})"],
    "text": ["{mood}::text", "{int4range}::text", "({text[]})[1]", "{text[]}::text", "{timestamptz}::text", "{time}::text", "{uuid}::text", "encode({bytea}, 'hex')",
             "{char(4)}::text", "{char(4)} || {text}", "{numeric(8,2)}::text", "to_char({timestamptz}, 'YYYY-MM-DD HH24:MI:SS.MS TZ')", "to_char({numeric}, 'FM9990.00')",
             "array_to_string({text[]}, '-', '?')", "regexp_replace({text}, 'a+', '<&>', 'g')", "substring({text} from 'a.')", "to_char({interval}, 'DD HH24:MI')",
             "jsonb_pretty({jsonb})", "quote_ident({text})", "{bytea}::text", "upper({char(4)})", "to_hex({int})", "{jsonb} #>> '{{b,1}}'"],
    "bool": ["{int4range} @> {int}", "{int4range} && {int4range}", "{int4range} = {int4range}", "isempty({int4range})", "{mood} < {mood}", "{mood} = {mood}", "{text[]} @> {text[]}",
             "{text} = any ({text[]})", "{text[]} = {text[]}", "{char(4)} = {char(4)}", "{char(4)} < {char(4)}", "{uuid} < {uuid}", "{bytea} = {bytea}", "{timestamptz} < {timestamp}",
             "{time} < {time}", "{numeric(8,2)} = {numeric}", "{smallint} < {bigint}", "{int4range} << {int4range}", "{text} between {text} and {text}",
             "({int}, {mood}) in (({int}, {mood}), ({int}, {mood}))", "{timestamptz} is not distinct from {timestamptz}", "{char(4)} like 'a%'", "{text} like any (array['a%', {text}])",
             "{jsonb} @? '$.b[*] ? (@ > 1)'", "overlaps({date}, {date}, {date}, {date})", "{int4range} < {int4range}", "{jsonb} ?| {text[]}"],
    "numeric": ["{numeric(8,2)} * {numeric}", "extract(second from {timestamptz})", "div({numeric}, {int})", "ln(abs({numeric}) + 1)", "sqrt(abs({numeric}))", "trim_scale({numeric})",
                "{numeric} - {numeric}", "least({numeric}, {numeric(8,2)})"],
    "date": ["({timestamptz})::date", "least({date}, {date})", "to_date({text}, 'YYYY')", "date_trunc('week', {timestamp})::date"],
    "interval": ["{timestamptz} - {timestamptz}", "age({date}::timestamptz, {timestamptz})", "{interval} / 3", "({time})::interval", "justify_interval({interval})",
                 "greatest({interval}, {interval})", "make_interval(hours => {small}, mins => {small})"],
    "jsonb": ["to_jsonb({timestamptz})", "to_jsonb({text[]})", "jsonb_strip_nulls({jsonb})", "to_jsonb({mood})", "jsonb_path_query_first({jsonb}, '$.b[0]')", "{jsonb} - 0",
              "jsonb_insert({jsonb}, '{{b,0}}', '7')", "to_jsonb({char(4)})", "to_jsonb({date})", "array_to_json({int[]})::jsonb"],
    "float8": ["power({float8}, 2)", "exp({float8} / 1e10)", "degrees({float8})", "({text})::float8", "{float8} / {int}"],
}
for kind, forms in MORE_FORMS.items():
    FORMS[kind] = FORMS.get(kind, []) + forms

AGGREGATES = {
    "bigint": ["count(*)", "count({any})", "count(distinct {int})", "sum({int})"],
    "int": ["max({int})", "min({int})", "bit_or({int})"],
    "numeric": ["sum({numeric})", "avg({int})", "avg({numeric})", "sum({bigint})", "max({numeric})", "sum(distinct {numeric})", "min({numeric})"],
    "text": ["max({text})", "min({text})", "string_agg({text}, ',' order by {same})"],
    "bool": ["bool_and({bool})", "bool_or({bool})", "every({bool})"],
    "date": ["max({date})", "min({date})"],
    "timestamp": ["max({timestamp})", "min({timestamp})"],
    "interval": ["sum({interval})", "max({interval})"],
    "int[]": ["array_agg({int} order by {same})", "array_agg(distinct {int})"],
    "jsonb": ["jsonb_agg({int} order by {same})", "jsonb_object_agg('k' || coalesce({int}, 0), 1)", "jsonb_agg(distinct {mood})"],
    "mood": ["max({mood})", "min({mood})"],
    "timestamptz": ["max({timestamptz})", "min({timestamptz})"],
    "time": ["max({time})"],
    "text[]": ["array_agg({text} order by {same})", "array_agg(distinct {char(4)}::text)"],
    "float8": ["max({float8})", "percentile_cont(0.5) within group (order by {float8})", "stddev({int})::float8"],
    "smallint": ["max({smallint})", "mode() within group (order by {smallint})"],
}
WINDOWS = {
    "bigint": ["row_number()", "rank()", "dense_rank()", "count(*)", "sum({int})", "count({text})"],
    "int": ["lag({int})", "lead({int}, 1, 0)", "first_value({int})", "last_value({int})", "max({int})", "ntile(3)", "nth_value({int}, 2)"],
    "numeric": ["avg({int})", "sum({numeric})"],
    "text": ["lag({text}, 1, 'none')", "max({text})", "first_value({text})"],
}
FRAMES = ["", "", "", " rows between 1 preceding and 1 following", " rows unbounded preceding", " rows between current row and unbounded following",
          " range between unbounded preceding and unbounded following", " groups between 1 preceding and current row"]


class Node:
    """A piece of SQL: text and nodes in order. `smaller` are what may stand in its place."""

    ordered = False  # a query whose ORDER BY names all its columns

    def __init__(self, parts, smaller=()):
        self.parts, self.smaller = parts, list(smaller)

    def __str__(self):
        return "".join(str(p) for p in self.parts)


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.tables = []
        self.alias = 0

    def pick(self, items):
        return items[self.r.randrange(len(items))]

    def maybe(self, p):
        return self.r.random() < p

    # --- schema and rows ---

    def schema(self):
        out = ["drop type if exists mood", "create type mood as enum ('sad', 'ok', 'happy')"]
        for i in range(3):
            types = [self.pick(TYPES) for _ in range(self.r.randrange(2, 6))]
            cols = [("id", "int")] + [("c%d" % k, t) for k, t in enumerate(types)]
            out.append("create table t%d (%s)" % (i, ", ".join("id int primary key" if n == "id" else "%s %s" % (n, t) for n, t in cols)))
            for row in range(1, self.r.randrange(4, 9)):
                out.append("insert into t%d values (%d, %s)" % (i, row, ", ".join(self.pick(LITERALS[t]) for _, t in cols[1:])))
            if self.maybe(0.5):
                name, kind = self.pick(cols[1:])
                if kind != "jsonb":
                    out.append("create index on t%d (%s)" % (i, name))
            self.tables.append(("t%d" % i, cols))
        return out

    # --- expressions ---

    def expr(self, kind, scope, depth):
        columns = ["%s.%s" % (a, n) for a, cols in scope for n, t in cols if t == kind]
        if depth <= 0 or self.maybe(0.25):
            return Node([self.pick(columns)]) if columns and self.maybe(0.75) else Node([self.pick(LITERALS[kind])])
        if kind == "bool" and self.maybe(0.08) and depth > 1:
            return self.sublink(scope, depth)
        if self.maybe(0.04) and depth > 1 and self.tables:
            name, cols = self.pick(self.tables)
            alias = self.next_alias()
            inner = self.expr(kind, scope + [(alias, cols)], depth - 2)
            return Node(["(select ", inner, " from %s %s where %s.id = %d)" % (name, alias, alias, self.r.randrange(1, 5))], [Node([self.pick(LITERALS[kind])])])
        return self.form(self.pick(FORMS[kind]), kind, scope, depth - 1)

    def form(self, text, kind, scope, depth):
        parts, smaller = ["("], []
        while True:
            at = text.find("{")
            if at < 0:
                break
            if text[at + 1] == "{":
                end = text.index("}}", at)
                parts.append(text[:at] + "{" + text[at + 2:end] + "}")
                text = text[end + 2:]
                continue
            end = text.index("}", at)
            want = text[at + 1:end]
            parts.append(text[:at])
            text = text[end + 1:]
            if want == "same":
                parts.append(parts[1])
                continue
            if want == "small":
                parts.append(str(self.r.randrange(-1, 5)))
                continue
            sub = self.expr(self.pick(SCALARS) if want == "any" else want, scope, depth)
            parts.append(sub)
            if want == kind:
                smaller.append(sub)
        parts.append(text + ")")
        return Node(parts, smaller + [Node([LITERALS[kind][0]])])

    def sublink(self, scope, depth):
        name, cols = self.pick(self.tables)
        alias = self.next_alias()
        inner = scope + [(alias, cols)]
        where = self.expr("bool", inner, depth - 2)
        if self.maybe(0.5):
            return Node([self.pick(["", "not "]), "exists (select 1 from %s %s where " % (name, alias), where, ")"], [where])
        kind = self.pick(["int", "text", "numeric"])
        left, right = self.expr(kind, scope, depth - 2), self.expr(kind, inner, depth - 2)
        return Node(["(", left, self.pick([" in", " not in", " = any", " > all"]), " (select ", right, " from %s %s where " % (name, alias), where, "))"],
                    [Node(["true"])])

    def next_alias(self):
        self.alias += 1
        return "a%d" % self.alias

    # --- queries ---

    def relation(self, ctes, depth):
        """(Node, alias, columns) of one FROM item."""
        alias = self.next_alias()
        x = self.r.random()
        if ctes and x < 0.3:
            name, cols = self.pick(ctes)
            return Node(["%s %s" % (name, alias)]), alias, cols
        if depth > 0 and x < 0.15:
            q, cols = self.select([], depth - 1, ctes)
            return Node(["(", q, ") %s" % alias]), alias, cols
        if x < 0.2:
            kinds = [self.pick(SCALARS) for _ in range(2)]
            rows = ["(%s)" % ", ".join(self.typed(k) for k in kinds) for _ in range(self.r.randrange(1, 4))]
            cols = [("v%d" % i, k) for i, k in enumerate(kinds)]
            return Node(["(values %s) %s (%s)" % (", ".join(rows), alias, ", ".join(n for n, _ in cols))]), alias, cols
        if x < 0.23 and depth > 0:
            return Node(["unnest(", self.expr(self.pick(["int[]"]), [], 1), ") %s (n)" % alias]), alias, [("n", "int")]
        if x < 0.25:
            return Node(["generate_series(%d, %d) %s (n)" % (self.r.randrange(3), self.r.randrange(6), alias)]), alias, [("n", "int")]
        name, cols = self.pick(self.tables)
        return Node(["%s %s" % (name, alias)]), alias, cols

    def typed(self, kind):
        text = self.pick(LITERALS[kind])
        return text if kind in ("text", "bool") else "(%s)::%s" % (text, kind)

    def from_clause(self, outer, ctes, depth):
        first, alias, cols = self.relation(ctes, depth)
        parts, scope = [first], [(alias, cols)]
        for _ in range(self.pick([0, 0, 1, 1, 2])):
            item, alias, cols = self.relation(ctes, depth)
            scope.append((alias, cols))
            if self.maybe(0.12) and not ctes:
                inner, icols = self.select(scope[:], 0)
                lateral = self.next_alias()
                scope[-1] = (lateral, icols)
                parts = [*parts, self.pick([", lateral (", " cross join lateral (", " left join lateral ("]), inner, ") %s" % lateral]
                parts += [" on true"] if "left" in parts[-3] else []
                continue
            how = self.pick(["join", "left join", "right join", "full join", "cross join", ","])
            if how in ("cross join", ","):
                parts = [*parts, " %s " % how if how != "," else ", ", item]
                continue
            (la, lc), (ra, rc) = scope[-2], scope[-1]
            pairs = [(n, m) for n, t in lc for m, u in rc if t == u and t not in ("jsonb", "int[]", "float8")]
            if pairs and (how == "full join" or self.maybe(0.7)):
                n, m = self.pick(pairs)
                on = Node(["%s.%s = %s.%s" % (la, n, ra, m)], [Node(["true"])])
            elif how == "full join":
                on = Node(["true"])
            else:
                on = self.expr("bool", [scope[-2], scope[-1]], 2) if parts[-1] is not None and "," not in parts else Node(["true"])
            parts = [*parts, " %s " % how, item, " on ", on]
        return parts, scope

    def select(self, outer, depth, ctes=(), top=False):
        """(Node, [(name, type)])"""
        ctes = list(ctes)
        parts, scope = self.from_clause(outer, ctes, depth)
        inner = scope + outer
        where = self.expr("bool", inner, depth + 1) if self.maybe(0.6) else None
        x = self.r.random()
        if x < 0.25:
            return self.grouped(parts, scope, where, depth, top)
        kinds = [self.pick(ORDERED) for _ in range(self.r.randrange(1, 4))]
        items = []
        for k, kind in enumerate(kinds):
            if self.maybe(0.12) and kind in WINDOWS:
                items.append(self.window(kind, scope, depth))
            else:
                items.append(self.expr(kind, inner, depth + 1))
        distinct = self.maybe(0.15)
        return self.assemble("select distinct " if distinct else "select ", items, kinds, parts, where, [], depth, top)

    def window(self, kind, scope, depth):
        call = self.form(self.pick(WINDOWS[kind]), kind, scope, 1)
        call.parts[0], call.parts[-1] = "", call.parts[-1][:-1]
        over = []
        if self.maybe(0.5):
            over += ["partition by ", self.expr(self.pick(["int", "text", "bool"]), scope, 1)]
        keys = ", ".join("%s.%s" % (a, n) for a, c in scope for n, t in c if t != "jsonb")  # ties would leave the result open
        return Node([call, " over (", *over, " order by ", self.expr("int", scope, 1), ", %s" % keys, self.pick(FRAMES), ")"], [Node([LITERALS[kind][0]])])

    def grouped(self, parts, scope, where, depth, top):
        keys = [(self.expr(k, scope, 1), k) for k in [self.pick(["int", "text", "bool", "date"]) for _ in range(self.r.randrange(0, 3))]]
        keys = [(e, k) for e, k in keys if any("%s." % a in str(e) for a, _ in scope)]
        kinds = [k for _, k in keys]
        items = [e for e, _ in keys]
        for _ in range(self.r.randrange(1, 3)):
            kind = self.pick(list(AGGREGATES))
            call = self.form(self.pick(AGGREGATES[kind]), kind, scope, 1)
            call.parts[0], call.parts[-1] = "", call.parts[-1][:-1]
            if self.maybe(0.2) and "filter" not in str(call):
                call = Node([call, " filter (where ", self.expr("bool", scope, 1), ")"], [call])
            items.append(call)
            kinds.append(kind)
        tail = []
        if keys:
            numbers = ", ".join(str(i + 1) for i in range(len(keys)))
            sets = ["%s", "%s", "%s", "rollup (%s)", "cube (%s)", "grouping sets ((%s), ())"] if len({str(e) for e in items[:len(keys)]}) == len(keys) else ["%s"]
            how = self.pick(sets)
            # GROUPING SETS takes no positions. PostgreSQL 15 sorts wrongly by a grouping set's key that it finds constant.
            if how != "%s" and any(not re.fullmatch(r"\w+\.\w+", str(e)) for e in items[:len(keys)]):
                how = "%s"
            tail += [" group by " + (how % (numbers if how == "%s" else ", ".join(str(e) for e in items[:len(keys)])))]
            if self.maybe(0.3):
                tail += [" having count(*) %s %d" % (self.pick([">", "<=", "="]), self.r.randrange(3))]
        return self.assemble("select ", items, kinds, parts, where, tail, depth, top)

    def assemble(self, head, items, kinds, parts, where, tail, depth, top):
        names = ["x%d" % i for i in range(len(items))]
        body = [head]
        for i, item in enumerate(items):
            body += [", " if i else "", item, " as %s" % names[i]]
        body += [" from ", *parts]
        if where is not None:
            body += [" where ", Node([where], [Node(["true"])])]
        body += tail
        node = Node(body)
        if top and self.maybe(0.15) and all(k in SCALARS for k in kinds):
            other = Node(["select " + ", ".join(self.typed(k) for k in kinds)])
            node = Node([node, " %s " % self.pick(["union", "union all", "intersect", "except"]), other], [Node(body)])
        if top and self.maybe(0.7):
            order = ", ".join("%d%s" % (i + 1, self.pick(["", " desc", " nulls first", " desc nulls last"])) for i in range(len(items)) if kinds[i] != "jsonb")
            if order and len([k for k in kinds if k == "jsonb"]) == 0:
                node = Node([node, " order by %s%s" % (order, self.pick(["", "", " limit 5", " offset 1", " limit 3 offset 1"]))], [node])
                node.ordered = True
        return node, list(zip(names, kinds))

    def query(self):
        ctes, parts = [], []
        if self.maybe(0.2):
            for i in range(self.r.randrange(1, 3)):
                q, cols = self.select([], 1, ctes)
                ctes.append(("w%d" % i, cols))
                parts += [", " if i else "with ", "w%d as (" % i, q, ")"]
            parts.append(" ")
        q, _ = self.select([], self.r.randrange(0, 3), ctes, top=True)
        whole = Node([*parts, q], [q])
        whole.ordered = q.ordered
        return whole

    # --- writes ---

    def write(self):
        name, cols = self.pick(self.tables)
        col, kind = self.pick(cols[1:])
        scope = [(name, cols)]
        x = self.r.random()
        if x < 0.35:
            values = [self.expr(t, [], 1) for _, t in cols[1:]]
            parts = [self.pick(["insert into %s values (%d", "insert into %s as tgt values (%d"]) % (name, self.r.randrange(1, 14))]
            for v in values:
                parts += [", ", v]
            parts.append(")" + self.pick(["", "", " on conflict do nothing", " on conflict (id) do update set %s = excluded.%s" % (col, col),
                                               " on conflict (id) do update set %s = excluded.%s where excluded.id > 3" % (col, col)]))
            return Node([*parts, " returning *"])
        if x < 0.7:
            return Node(["update %s set %s = " % (name, col), self.expr(kind, scope, 2), " where ", self.expr("bool", scope, 2), " returning id, %s" % col])
        if x < 0.85:
            return Node(["delete from %s where id > 4 and " % name, self.expr("bool", scope, 2), " returning id"])
        other, ocols = self.pick(self.tables)
        return Node(["insert into %s (id, %s) select id + 20, " % (name, col), self.expr(kind, [(other, ocols)], 2), " from %s where id < %d" % (other, self.r.randrange(6)),
                     " on conflict do nothing returning id"])

    def statement(self):
        return self.write() if self.maybe(0.15) else self.query()


def reduce(node, fails):
    """The smallest statement found that still fails(text): nodes are replaced by what may stand in their place, one at a time."""
    def nodes(n):
        yield n
        for p in n.parts:
            if isinstance(p, Node):
                yield from nodes(p)

    budget = 400
    changed = True
    while changed and budget > 0:
        changed = False
        for n in list(nodes(node)):
            for s in n.smaller:
                budget -= 1
                if budget <= 0:
                    break
                was = n.parts, n.smaller
                n.parts, n.smaller = [s], s.smaller
                if s is not n and len(str(node)) < 10000 and fails(str(node)):
                    changed = True
                    break
                n.parts, n.smaller = was
            if changed:
                break
    return str(node)
