#!/usr/bin/env python3
"""Writes where PostgreSQL's character sets differ from the C library's: src/pgtype/gen_encoding.c.

Usage: PGHOST=... PGPORT=... PGUSER=postgres PGDATABASE=... scripts/gen_encoding.py [output folder, default src/pgtype]

Needs psql in PATH and a UTF8 database of PostgreSQL 15. It makes two temporary functions. What the runs cannot say is printed; it must be
nothing.
"""

import ctypes
import subprocess
import sys

# As in src/pgtype/encoding.c.
LIBC = {1: ("EUC_JP", "EUC-JP-MS"), 2: ("EUC_CN", "EUC-CN"), 3: ("EUC_KR", "EUC-KR"), 19: ("WIN1258", "CP1258"), 32: ("WIN1255", "CP1255"),
        35: ("SJIS", "CP932"), 37: ("GBK", "GBK"), 38: ("UHC", "CP949"), 39: ("GB18030", "GB18030")}
SINGLE = {19, 32}

TRIES = """
create function pg_temp.enc(c int, e text) returns text language plpgsql as
  $$ begin return encode(convert_to(chr(c), e), 'hex'); exception when others then return null; end $$;
create function pg_temp.dec(b text, e text) returns text language plpgsql as
  $$ begin return encode(convert_to(convert_from(decode(b, 'hex'), e), 'utf8'), 'hex'); exception when others then return null; end $$;
"""


class Conv:
    """iconv, one character at a time."""

    lib = ctypes.CDLL(None)
    lib.iconv_open.restype = ctypes.c_void_p
    lib.iconv_open.argtypes = [ctypes.c_char_p] * 2
    lib.iconv.restype = ctypes.c_size_t
    lib.iconv.argtypes = [ctypes.c_void_p] * 5

    def __init__(self, to, source):
        self.cd = self.lib.iconv_open(to.encode(), source.encode())

    def __call__(self, data):
        self.lib.iconv(self.cd, None, None, None, None)
        src, out = ctypes.create_string_buffer(data, len(data)), ctypes.create_string_buffer(16)
        p, left = ctypes.c_void_p(ctypes.addressof(src)), ctypes.c_size_t(len(data))
        o, room = ctypes.c_void_p(ctypes.addressof(out)), ctypes.c_size_t(16)
        if self.lib.iconv(self.cd, ctypes.byref(p), ctypes.byref(left), ctypes.byref(o), ctypes.byref(room)) or left.value:
            return None
        self.lib.iconv(self.cd, None, None, ctypes.byref(o), ctypes.byref(room))
        return out.raw[:16 - room.value]


def ask(sql):
    out = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-"], input=TRIES + sql + ";", check=True, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        left, right = line.split("|")
        yield left, bytes.fromhex(right) if right else None


def sequences(number):
    """All byte sequences that could be one character, of up to three bytes."""
    two = [f"{a:02x}{b:02x}" for a in range(0x80, 0x100) for b in range(0x21, 0x100)]
    three = [f"8f{a:02x}{b:02x}" for a in range(0xa1, 0xff) for b in range(0xa1, 0xff)]
    one = [f"{a:02x}" for a in range(0x80, 0x100)]
    return one if number in SINGLE else (one if number == 35 else []) + two + (three if number == 1 else [])


def formed(number, b):
    """Whether bytes from iconv are one character to PostgreSQL: `announced` in src/pgtype/recode.c."""
    if b is None or b[0] < 0x80:
        return None
    if number == 35 and len(b) == 1:
        return b if 0xa1 <= b[0] <= 0xdf else None
    return b if (len(b) == 1) == (number in SINGLE) else None


def runs_of(number):
    name, libc = LIBC[number]
    back, runs = Conv(libc, "UTF-8"), []
    for left, want in ask(f"select to_hex(i), pg_temp.enc(i, '{name}') from generate_series(128, 65535) i where i not between 55296 and 57343"):
        c = int(left, 16)
        if formed(number, back(chr(c).encode())) == want:
            continue
        code = int.from_bytes(want, "big") if want else 0
        last = runs[-1] if runs else None
        if last and last[0] + last[2] == c and (code == last[1] + last[2] if code and last[1] else code == last[1]):
            last[2] += 1
        else:
            runs.append([c, code, 1])
    return runs


def check(number, runs):
    """Adds the codes that are no character to PostgreSQL; gives what is still wrong when bytes are read."""
    name, libc = LIBC[number]
    there = Conv("UTF-8", libc)
    codes = {code + i: c + i for c, code, n in runs if code for i in range(n)}
    none = {c + i for c, code, n in runs if not code for i in range(n)}
    values = ",".join(f"'{s}'" for s in sequences(number))
    wrong = []
    for left, want in ask(f"select s, pg_temp.dec(s, '{name}') from unnest(array[{values}]) s"):
        data = bytes.fromhex(left)
        want = want.decode() if want else None
        if want and len(want) > 1:
            continue
        code = int(left, 16)
        have = there(data)
        have = chr(codes[code]) if code in codes else have.decode() if have else None
        if have and (len(have) > 1 or (ord(have) in none and code not in codes)):
            have = None
        if want is None and have:
            runs.append([0, code, 1])
        elif have != want:
            wrong.append((left, want, have))
    return wrong


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "src/pgtype"
    lines = []
    for number in sorted(LIBC):
        runs = runs_of(number)
        for wrong in check(number, runs)[:40]:
            print(LIBC[number][0], *wrong)
        lines += [f"\t{{ {number}, {n}, {c:#x}, {code:#x} }},\n" for c, code, n in runs]
    with open(f"{folder}/gen_encoding.c", "w") as f:
        f.write("/* Generated by scripts/gen_encoding.py from PostgreSQL 15's conversions; never edited by hand. */\n")
        f.write('#include "pgtype/encoding.h"\n\nconst EncodingRun encoding_runs[] = {\n' + "".join(lines) + "};\n\n")
        f.write("const size_t encoding_nruns = ARRAY_LEN(encoding_runs);\n")


if __name__ == "__main__":
    main()
