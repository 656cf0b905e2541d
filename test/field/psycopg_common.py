# SPDX-License-Identifier: PostgreSQL
# What the tests of psycopg 2 and 3 share: TAP, and the calls of drivers.json.
import decimal
import json
import pathlib
import re
import sys
import uuid

CALLS = json.loads(pathlib.Path(__file__).with_name("drivers.json").read_text())["calls"]
RECORDED = """SELECT concat_ws('|', coalesce(prompt_tokens::text, ''), coalesce(completion_tokens::text, ''),
	coalesce(total_cost::text, ''), coalesce(customer_id, '')) FROM genops.spans WHERE feature = %s"""

count = failures = 0


def ok(passed, name):
    global count, failures
    count += 1
    failures += not passed
    print(f"{'' if passed else 'not '}ok {count} - {name}", flush=True)


def done():
    print(f"1..{count}", flush=True)
    sys.exit(failures > 0)


def parameter(kind, value, as_json):
    if kind == "decimal":
        return decimal.Decimal(value)
    if kind == "uuid":
        return uuid.UUID(value)
    return as_json(value) if kind == "json" else value


def parameters(call, as_json):
    return [parameter(kind, value, as_json) for kind, value in call["parameters"]]


def placeholders(call):
    """$1 as psycopg has it."""
    return re.sub(r"\$(\d+)", lambda match: "%s", call["sql"])


def check(connection, driver, how):
    cursor = connection.cursor()
    cursor.execute("SELECT genops_flush('stored')")
    for call in CALLS:
        if call["recorded"] is None:
            continue
        cursor.execute(RECORDED, [call["name"]])
        rows = [row[0] for row in cursor.fetchall()]
        ok(rows == [call["recorded"]], f"{driver}, {how}: {call['name']} records {call['recorded']}, got {rows}")
    cursor.execute("SELECT count(*) FROM genops.adjustment WHERE customer_id = '43'")
    ok(cursor.fetchone()[0] == 1, f"{driver}, {how}: a correction")


def forget(connection):
    """Each way of calling gets an empty ledger."""
    cursor = connection.cursor()
    cursor.execute("DROP EXTENSION IF EXISTS genops_tempo")
    cursor.execute("CREATE EXTENSION genops_tempo")
