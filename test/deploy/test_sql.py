#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Does every statement of init.sql, the dashboards and the metrics run, as the role that will run it,
and give what is shown?  Does the log lead to the trace?  Needs the server that
scripts/run_deploy_tests starts.  Speaks TAP.

    test_sql.py PKGLIBDIR LOG_DIRECTORY
"""

import datetime
import glob
import os
import re
import shutil
import subprocess
import sys
import time

import psycopg2

from deployment import collector, dashboards, panels, path_of, text_of
from grafana_sql import Expander
from tap import check, done, none, skip

PKGLIBDIR, LOG_DIRECTORY = sys.argv[1:]
PASSWORDS = {"genops_reader": "Reader-is-19.Secret", "genops_monitor": "Monitor-is-23.Secret"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
COMMENTED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BIGINT, SMALLINT, INTEGER, TEXT, NAME, FLOAT4, FLOAT8, VARCHAR, TIMESTAMPTZ, NUMERIC = (
    20, 21, 23, 25, 19, 700, 701, 1043, 1184, 1700)
INTEGERS = {BIGINT, SMALLINT, INTEGER}
NUMBERS = INTEGERS | {FLOAT4, FLOAT8, NUMERIC}
TEXTS = {TEXT, NAME, VARCHAR}


def connect(role="postgres", database="deployed"):
    connection = psycopg2.connect(dbname=database, user=role, application_name="test_sql")
    connection.autocommit = True
    return connection


def ask(connection, sql):
    """Types by column, and the rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {each.name: each.type_code for each in cursor.description}, cursor.fetchall()


def initialise():
    with connect(database="postgres").cursor() as cursor:
        cursor.execute("CREATE DATABASE deployed")
        cursor.execute("CREATE DATABASE deployed_too")
    environment = {**os.environ,
                   "GENOPS_READER_PASSWORD": PASSWORDS["genops_reader"],
                   "GENOPS_MONITOR_PASSWORD": PASSWORDS["genops_monitor"],
                   "GENOPS_SERVICE_NAME": "assistant", "GENOPS_ENVIRONMENT": "test", "GENOPS_TENANT_ID": "acme"}
    answer = subprocess.run(["psql", "-X", "-q", "-d", "deployed", "-v", "ON_ERROR_STOP=1", "-f", "-"],
                            input=text_of("deploy/init.sql"), env=environment, capture_output=True, text=True)
    check(answer.returncode == 0 and not answer.stderr, "init.sql runs without a warning", answer.stderr)
    if answer.returncode:
        done()
    for database, what in ("deployed", "again"), ("deployed_too", "and in another database"):
        answer = subprocess.run(["psql", "-X", "-q", "-d", database, "-v", "ON_ERROR_STOP=1", "-f", "-"],
                                input=text_of("deploy/init.sql"), env=environment, capture_output=True, text=True)
        check(answer.returncode == 0, f"init.sql runs {what}", answer.stderr)


def configured(owner):
    _, rows = ask(owner, "SELECT setting, value FROM genops.configuration")
    settings = dict(rows)
    check([settings[each] for each in ("endpoint", "service_name", "environment", "tenant_id")] ==
          ["http://127.0.0.1:1", "assistant", "test", "acme"], "what the environment says is configured")
    check(settings["otlp_url"] == "http://127.0.0.1:2/v1/traces", "spans go through the Collector, queries don't", settings)


SAMPLES = """
	SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 1000, completion_tokens => 200,
		total_cost => 0.25, team => 'support', customer_id => 'acme', duration => '2.5 s',
		traceparent => '{parent}');
	SELECT genops_track('anthropic', 'claude-sonnet-4', prompt_tokens => 500, completion_tokens => 100,
		total_cost => 0.75, team => 'research', customer_id => 'globex', duration => '400 ms',
		response => '{{"usage": {{"input_tokens": 500, "output_tokens": 100, "cache_read_input_tokens": 0}}}}');
	SELECT genops_track('openai', 'gpt-4o', prompt_tokens => 10, team => 'support',
		error => 'rate limit exceeded', duration => '90 ms');
	SELECT genops_track('mistral', 'mistral-small', total_cost => 1, duration => '80 ms');
"""


def record(owner):
    with owner.cursor() as cursor:
        for statement in SAMPLES.format(parent=PARENT).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    complete = ask(owner, "SELECT complete FROM genops_flush('stored')")[1][0][0]
    check(complete, "calls are recorded and stored")


def rights():
    reader, monitor = connect("genops_reader"), connect("genops_monitor")
    for connection, sql, what in (
            (reader, "CREATE TABLE public.theirs ()", "the reader can't create anything"),
            (reader, "SELECT genops_configure(endpoint => 'http://127.0.0.1:2')", "the reader can't configure"),
            (reader, "SELECT value FROM genops.secret", "the reader sees no secret"),
            (reader, "SELECT genops_track('openai', 'gpt-4o')", "the reader can't record"),
            (reader, "SELECT genops_begin('openai', 'gpt-4o')", "nor begin a call"),
            (monitor, "SELECT count(*) FROM genops.spans", "the monitor sees no span"),
            (monitor, "SELECT count(*) FROM genops.spend", "the monitor sees no spend")):
        try:
            ask(connection, sql)
            check(False, what)
        except psycopg2.Error as error:
            check(error.pgcode in ("42501", "25006"), what, error)


def shown(title, form, types, rows):
    """Whether Grafana can show it: numbers over time, or a table with something in every column."""
    columns = list(types.items())
    if form == "time_series":
        values = [number for number, (name, _) in enumerate(columns) if name not in ("time", "metric")]
        check(columns[0][0] == "time" and columns[0][1] in NUMBERS | {TIMESTAMPTZ}, f"{title}: over time", columns)
        none((each for each in columns if each[0] == "metric" and each[1] not in TEXTS), f"{title}: series have names")
        none((columns[each] for each in values if columns[each][1] not in NUMBERS), f"{title}: values are numbers")
        check(values and any(row[each] is not None for row in rows for each in values), f"{title}: there is something to see")
    else:
        none((each for each in columns if each[1] not in NUMBERS | TEXTS | {TIMESTAMPTZ}),
             f"{title}: columns that a table can show")
        check(rows, f"{title}: there is something to see")


def variables(dashboard, reader, start, end):
    found = {}
    for each in dashboard["templating"]["list"]:
        if each["type"] == "textbox":
            found[each["name"]] = [each["query"]]
        else:
            _, rows = ask(reader, Expander(start, end).expand(each["query"]))
            found[each["name"]] = [row[0] for row in rows]
    return found


def answers_of(dashboard):
    """What each panel shows of today, by its title."""
    reader = connect("genops_reader")
    now = datetime.datetime.now(datetime.timezone.utc)
    start, end = ((now + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (-24, 1))
    found = variables(dashboard, reader, start, end)
    check(found["currency"] == ["USD"], "currencies to choose", found)
    check(sorted(found["team"]) == ["(none)", "research", "support"], "teams to choose", found)
    answers = {}
    for panel in panels(dashboard):
        for target in panel["targets"]:
            title = panel["title"]
            try:
                sql = Expander(start, end, panel.get("interval", "1m"), found).expand(target["rawSql"])
                types, rows = ask(reader, sql)
            except (psycopg2.Error, ValueError) as error:
                check(False, f"{title}: runs", error)
                continue
            shown(title, target["format"], types, rows)
            answers[title] = [dict(zip(types, row)) for row in rows]
    return answers


def by(rows, key, value):
    sums = {}
    for row in rows:
        sums[row[key]] = sums.get(row[key], 0) + (row[value] or 0)
    return {name: float(total) for name, total in sums.items()}


def cost_dashboard():
    seen = answers_of(dashboards("direct")["grafana/dashboards/ai-cost.json"])
    check([float(seen[each][0][column]) for each, column in
           (("Cost", "cost"), ("Calls", "calls"), ("Failed", "failed"), ("Unpriced calls", "unpriced"))] ==
          [2, 4, 0.25, 1], "the totals", seen)
    check(by(seen["Cost by team"], "metric", "cost") == {"support": 0.25, "research": 0.75, "(none)": 1}, "cost by team")
    check(by(seen["Cost by customer"], "metric", "cost") == {"acme": 0.25, "globex": 0.75, "(none)": 1}, "cost by customer")
    check(by(seen["Cost by provider"], "metric", "cost") == {"openai": 0.25, "anthropic": 0.75, "mistral": 1}, "cost by provider")
    check(by(seen["Cost by model"], "metric", "cost") == {"gpt-4o": 0.25, "claude-sonnet-4": 0.75, "mistral-small": 1}, "cost by model")
    check({row["customer_id"]: row["calls"] for row in seen["Customers"]} == {"acme": 1, "globex": 1, "(none)": 2}, "customers")
    budget = {row["team"]: row for row in seen["This month against the budget"]}["research"]
    check(float(budget["used"]) == 0.75 / 1000 and budget["at this rate"] >= budget["spent"], "the budget", budget)
    check([row["status_message"] for row in seen["Latest failures"]] == ["rate limit exceeded"], "failures say why")
    slow = seen["Slow and expensive"]
    check([(row["trace_id"], float(row["cost"]), row["total_tokens"]) for row in slow] == [(PARENT.split("-")[1], 0.25, 1200)],
          "the slow and expensive call, and the trace it belongs to", slow)
    check([(row["tenant_id"], row["stored"], row["pending"]) for row in seen["Delivery"]] == [("acme", 4, 4)], "delivery", seen["Delivery"])
    check({row["what"]: row["spans"] for row in seen["Recording"]}["stored"] == 4, "recording")


def metrics():
    monitor = connect("genops_monitor")
    for query in collector("lgtm")["receivers"]["sqlquery/genops"]["queries"]:
        title = query["metrics"][0]["metric_name"]
        check("$" not in query["sql"], f"{title}: nothing that the Collector would replace")
        types, rows = ask(monitor, query["sql"])
        check(rows, f"{title}: there are rows")
        check(all(value is not None for row in rows for value in row), f"{title}: no NULL", rows)
        for metric in query["metrics"]:
            value = types.get(metric["value_column"])
            check(value in (NUMBERS if metric.get("value_type") == "double" else INTEGERS),
                  f"{metric['metric_name']}: its value is a number", types)
            none((each for each in metric["attribute_columns"] if types.get(each) not in TEXTS),
                 f"{metric['metric_name']}: its attributes are texts")
            check(not metric.get("monotonic") or metric["data_type"] == "sum", f"{metric['metric_name']}: a counter is a sum")
            series = [[dict(zip(types, row))[each] for each in metric["attribute_columns"]] for row in rows]
            check(len(series) == len(set(map(tuple, series))), f"{metric['metric_name']}: each series has one row")
        if title == "genops.recording.spans":
            check(dict(row[1:] for row in rows)["stored"] == 4, "recorded spans are counted", rows)


def log_lines():
    return [line for name in sorted(glob.glob(os.path.join(LOG_DIRECTORY, "*.json")))
            for line in open(name, encoding="utf-8").read().splitlines()]


def await_lines(wanted):
    """The log's process writes on its own."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [[line for line in log_lines() if each in line] for each in wanted]
        if all(found):
            return [lines[-1] for lines in found]
        time.sleep(0.05)
    return None


def operators():
    every = {each["type"]: each for each in collector("lgtm")["receivers"]["filelog/postgresql"]["operators"]}
    condition = re.fullmatch(r"body matches '(.*)'", every["regex_parser"]["if"]).group(1).replace("\\\\", "\\")
    return every["json_parser"], re.compile(condition), re.compile(every["regex_parser"]["regex"])


def logged():
    """The line of a statement and of its error, of what was raised, and one of no trace."""
    owner = connect()
    with owner.cursor() as cursor:
        cursor.execute("SELECT genops_track('openai', 'gpt-4o', team => 'logged')"
                       f" /*action='answer',traceparent='{COMMENTED}'*/")
        of_statement = cursor.fetchone()[0]
        try:
            cursor.execute(f"SELECT 1 / 0 /*traceparent='{COMMENTED}'*/")
        except psycopg2.Error:
            pass
        cursor.execute("DO $$ BEGIN RAISE LOG 'answered by %', genops_track('openai', 'gpt-4o', team => 'raised'); END $$")
        cursor.execute("SELECT 'of no trace'")
    ask(owner, "SELECT complete FROM genops_flush('stored')")
    lines = await_lines(["team => 'logged')", "division by zero", "answered by 00-", "SELECT 'of no trace'"])
    check(lines, "statements and errors are logged")
    return of_statement, lines


def traces_in_the_log():
    json_parser, condition, expression = operators()
    of_statement, lines = logged()
    statement, error, raised, without = lines
    reader = connect("genops_reader")
    trace = dict(ask(reader, "SELECT team, trace_id FROM genops.spans WHERE team IN ('logged', 'raised')")[1])
    check(of_statement.split("-")[1] == COMMENTED.split("-")[1] == trace["logged"],
          "a statement's comment is the parent of what it records")
    for line, team, what in ((statement, "logged", "a statement's"), (error, "logged", "an error's"), (raised, "raised", "a raised")):
        found = condition.search(line) and expression.search(line)
        check(found and found.group("trace_id") == trace[team], f"{what} line leads to the trace of the span", line)
    check(not condition.search(without), "a line of no trace doesn't", without)
    parsed = [re.search(r'"timestamp":"([^"]*)"', line).group(1) for line in lines]
    check(json_parser["timestamp"]["layout"] == "2006-01-02 15:04:05.000 MST"
          and all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC", each) for each in parsed), "lines have a time as expected", parsed)
    known = {name for names in json_parser["severity"]["mapping"].values()
             for name in (names if isinstance(names, list) else [names])}
    check(known == {"DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5", "LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC"},
          "every severity of PostgreSQL has a counterpart", known)


def secrets():
    text = "\n".join(log_lines())
    none((role for role, password in PASSWORDS.items() if password in text), "no password is in the log")


def libraries():
    """What the image needs at run time: the packages of what the extension is linked to."""
    if not shutil.which("dpkg"):
        skip("the image has the libraries of the extension", "there is no dpkg")
        return
    file = os.path.join(PKGLIBDIR, "genops_tempo.so")
    needed = re.findall(r"NEEDED\s+(\S+)", subprocess.run(["objdump", "-p", file], capture_output=True, text=True).stdout)
    paths = dict(re.findall(r"(\S+) => (\S+)", subprocess.run(["ldd", file], capture_output=True, text=True).stdout))
    owners = set()
    for name in needed:
        answer = ""
        for path in (paths[name], os.path.realpath(paths[name])):
            answer = answer or subprocess.run(["dpkg", "-S", path], capture_output=True, text=True).stdout
        # Debian 13 renamed libraries for 64-bit times.
        owners.add(answer.split(":")[0].removesuffix("t64"))
    result = text_of("Dockerfile").split("\nFROM ")[2]
    check(len(owners) > 3, "the extension's libraries are known", owners)
    none(owners - {"libc6"} - set(re.findall(r"lib[\w.-]+|zlib1g", result)), "the image has the libraries of the extension")


initialise()
superuser = connect()
configured(superuser)
record(superuser)
rights()
cost_dashboard()
metrics()
traces_in_the_log()
secrets()
libraries()
done()
