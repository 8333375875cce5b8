"""What the benches share: interleaved rounds, medians, a table, and the closing JSON line."""
import json
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))


def median(values):
    return statistics.median(values)


def table(head, rows):
    rows = [[x if isinstance(x, str) else "%.3g" % x if abs(x) < 100 else "%.0f" % x for x in r] for r in rows]
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
    for r in [head] + rows:
        print("  ".join(str(x).ljust(w) if i == 0 else str(x).rjust(w) for i, (x, w) in enumerate(zip(r, widths))))


def finish(name, ratio, **more):
    print(json.dumps({"name": name, "ratio": round(ratio, 4), **more}))
