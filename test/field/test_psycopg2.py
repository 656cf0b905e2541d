# SPDX-License-Identifier: PostgreSQL
# psycopg 2 puts parameters into the statement as literals.
import os

import psycopg2
import psycopg2.extras
from psycopg_common import CALLS, check, done, forget, ok, parameters, placeholders

psycopg2.extras.register_uuid()
connection = psycopg2.connect(dbname=os.environ.get("PGDATABASE", "postgres"))
connection.autocommit = True
forget(connection)
for call in CALLS:
    try:
        connection.cursor().execute(placeholders(call), parameters(call, psycopg2.extras.Json))
        ok(True, f"psycopg 2: {call['name']}")
    except psycopg2.Error as error:
        ok(False, f"psycopg 2: {call['name']}: {error}".replace("\n", " "))
check(connection, "psycopg 2", "literals")
done()
