#!/usr/bin/env python3
"""What an uncached statement costs: analysis and rewriting to SQLite's SQL, beside libpg_query's parse, in microseconds.

The last line's ratio is the median of analysis and rewriting over the 60 microseconds that it may take.
"""
import os
import subprocess

from common import finish, median, table

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
LIMIT_US = 60


def main():
    build = os.path.join(ROOT, "build")
    subprocess.run(["meson", "configure", build, "-Dtests=enabled"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "tests/analyse_bench"], check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run([os.path.join(build, "tests", "analyse_bench")], check=True, capture_output=True, text=True).stdout
    rows = [(sql[:90], float(parse), float(plan)) for parse, plan, sql in (line.split("\t") for line in out.splitlines())]
    table(["statement", "parse us", "analyse us"], rows)
    middle = median([r[2] for r in rows])
    finish("analyse", middle / LIMIT_US, analyse_us=middle, parse_us=median([r[1] for r in rows]))


if __name__ == "__main__":
    main()
