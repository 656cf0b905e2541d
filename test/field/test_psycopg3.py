# SPDX-License-Identifier: PostgreSQL
# psycopg 3 sends parameters apart, texts without a type, numbers with the smallest that fits, and
# prepares what it runs often.
import os

import psycopg
import psycopg.types.json
from psycopg_common import CALLS, check, done, forget, ok, parameters, placeholders

for how, options in (("typed", {}), ("prepared", {"prepare": True}), ("binary", {"binary": True})):
    connection = psycopg.connect(dbname=os.environ.get("PGDATABASE", "postgres"), autocommit=True)
    forget(connection)
    for call in CALLS:
        try:
            connection.execute(placeholders(call), parameters(call, psycopg.types.json.Jsonb), **options)
            ok(True, f"psycopg 3, {how}: {call['name']}")
        except psycopg.Error as error:
            ok(False, f"psycopg 3, {how}: {call['name']}: {error}".replace("\n", " "))
    check(connection, "psycopg 3", how)
    connection.close()
done()
