"""What a server without a primary costs while it is idle."""
import re

import pytest

from harness import rss_kib


def mapped(us):
    with open("/proc/%d/maps" % us.proc.pid) as f:
        return set(re.findall(r"/(lib[\w.+-]+?)\.so", f.read()))


def test_libraries_for_a_primary_are_not_loaded_without_one(us):
    assert us.sql("select 1") == [(1,)]
    assert not mapped(us) & {"libpq", "libssl", "libgnutls", "libkrb5", "libldap"}


def test_idle_memory_is_at_most_10_mib(us):
    if "libasan" in mapped(us):
        pytest.skip("a sanitizer's shadow memory is not ours")
    assert us.sql("select 1") == [(1,)]
    assert rss_kib(us.proc.pid) <= 10 * 1024


def test_digests_load_their_library_when_asked(us):
    assert us.sql("select md5('a'), encode(sha224('a'), 'hex'), length(sha512(''))") == [
        ("0cc175b9c0f1b6a831c399e269772661", "abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5", 64)]
