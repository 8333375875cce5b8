#!/usr/bin/env python3
"""Checks that hold the shape of the sources: room order, banned calls, function and file growth, unfinished marks.

A function longer than LIMIT lines must be listed in scripts/long_functions.txt with the length it has; it may shrink but not
grow. `check_source.py --update` rewrites that list, dropping what got shorter (it refuses to add or raise an entry unless
--allow-growth is given).
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ["base", "pgtype", "wire", "sqlite", "catalog", "plpgsql", "sql", "net", "backend", "program", "route", "session", "sync", "tools", "admin", "cli"]
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|alloca|strncpy|strncat|atoi|atol|tmpnam)\s*\(")
MARKS = re.compile(r"\b(TODO|FIXME|XXX)\b|not implemented|unimplemented|placeholder|for now", re.I)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
LIMIT = 70
FILE_LIMIT = 900
LIST = os.path.join(ROOT, "scripts", "long_functions.txt")


def sources():
    for top in ("src", "tests"):
        for where, dirs, files in os.walk(os.path.join(ROOT, top)):
            dirs[:] = [d for d in dirs if d != "node_modules"]
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(where, name), ROOT)


def strip_comments_and_strings(text):
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def functions(code):
    """(name, first line, length) of each function whose body opens and closes in column 0."""
    lines = code.split("\n")
    start = None
    for i, line in enumerate(lines):
        if line == "{" or (re.match(r"^[A-Za-z_].*\)\s*\{$", line)):
            start = i
        elif line.startswith("}") and start is not None:
            if line.strip() == "}":
                head = " ".join(lines[max(0, start - 6):start + 1])
                names = re.findall(r"([A-Za-z_]\w*)\s*\(", head)
                names = [n for n in names if n not in ("if", "for", "while", "switch", "sizeof", "__attribute__", "format")]
                if names:
                    yield names[0] if len(names) == 1 else pick(lines, start), start + 1, i - start + 1
            start = None


def pick(lines, start):
    for i in range(start, max(-1, start - 8), -1):
        m = re.match(r"^[A-Za-z_].*?([A-Za-z_]\w*)\s*\(", lines[i])
        if m:
            return m.group(1)
    return "?"


def read_list():
    if not os.path.exists(LIST):
        return {}
    with open(LIST) as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    return {(r[0], r[1]): int(r[2]) for r in rows}


def main():
    problems, long_now = [], {}
    for path in sources():
        generated = os.path.basename(path).startswith("gen_")
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            text = f.read()
        parts = path.split(os.sep)
        room = parts[1] if parts[0] == "src" else None
        for n, line in enumerate(text.split("\n"), 1):
            m = INCLUDE.match(line)
            if m and room:
                target = m.group(1).split("/")[0]
                if target in ROOMS and ROOMS.index(target) > ROOMS.index(room):
                    problems.append(f"{path}:{n}: {room}/ may not include {target}/ (room order, docs/architecture.md)")
            if MARKS.search(line) and not generated and room:
                problems.append(f"{path}:{n}: unfinished mark: {line.strip()[:80]}")
        if generated:
            continue
        code = strip_comments_and_strings(text)
        for n, line in enumerate(code.split("\n"), 1):
            m = BANNED.search(line)
            if m:
                problems.append(f"{path}:{n}: {m.group(1)} is banned")
        if room and path.endswith(".c"):
            if text.count("\n") > FILE_LIMIT:
                problems.append(f"{path}: {text.count(chr(10))} lines; split the file (limit {FILE_LIMIT})")
            for name, at, length in functions(code):
                if length > LIMIT:
                    long_now[(path, name)] = length
    allowed = read_list()
    if "--update" in sys.argv:
        grow = "--allow-growth" in sys.argv
        with open(LIST, "w") as f:
            f.write("# file function lines: functions over %d lines and the length they may have at most\n" % LIMIT)
            for key in sorted(long_now):
                if grow or key in allowed:
                    f.write("%s %s %d\n" % (key[0], key[1], long_now[key] if grow else min(long_now[key], allowed[key])))
        allowed = read_list()
    for key, length in sorted(long_now.items()):
        if length > allowed.get(key, LIMIT):
            problems.append(f"{key[0]}: {key[1]} has {length} lines (at most {allowed.get(key, LIMIT)})")
    for p in problems:
        print(p)
    print(f"check_source: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
