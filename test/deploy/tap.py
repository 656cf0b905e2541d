# SPDX-License-Identifier: PostgreSQL
"""Tells prove what passed."""

import sys

count = 0
failed = 0


def check(passed, what, why=""):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {what}", flush=True)
    if not passed and why:
        for line in str(why).splitlines():
            print(f"#   {line}", flush=True)


def none(wrong, what):
    """Passes if nothing is wrong; else says what is."""
    wrong = list(wrong)
    check(not wrong, what, "\n".join(map(str, wrong)))


def skip(what, why):
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def done():
    print(f"1..{count}")
    sys.exit(failed != 0)
