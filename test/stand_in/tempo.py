#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A Tempo for tests: answers what a real one was recorded to answer, refuses what
that refuses, and misbehaves as it is told.

It listens on 127.0.0.1.  tempo_replies/ has the recorded answers, and replies.json there
which request each belongs to.  A query is recognised by what it means for that:
however it is spelled, and with or without a select() at its end.

    GET  /api/...           a question
    POST /v1/traces         404, as at a real query address
    POST /control           rules: how to answer from now on (an object or an array)
    GET  /control/requests  every question: path, parameters, headers, status

The first rule that fits a question says what happens:

    {"path": "/api/search", only for this path
     "times": 2,            only so often
     "code": 429,           the HTTP status ...
     "body": "<html>",      ... and the body of the answer, or of the recorded one
     "content_type": "text/html",
     "headers": {},         more of them
     "cut": 100,            the connection closes after so many bytes of the body
     "pad": 50000000,       so many blanks in front of the body
     "texts": true,         numbers in the recorded JSON become texts
     "partial": "why",      the recorded JSON becomes a partial answer
     "hang": true}          no answer, ever
"""

import argparse
import base64
import collections
import json
import os
import re
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler

from otlp_receiver import Server, end_with_input, tls_context, write_whole

HERE = os.path.dirname(os.path.abspath(__file__))
REPLIES = os.path.join(HERE, "tempo_replies")
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
RULE_KEYS = {"path", "times", "code", "body", "content_type", "headers", "cut", "pad", "texts", "partial", "hang"}

MAX_LIMIT = 262144
MAX_SPANS = 100
MAX_SEARCH_SECONDS = 168 * 3600
MAX_METRICS_SECONDS = 24 * 3600
TENANT = re.compile(r"[A-Za-z0-9!\-_.*'()]+")


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def canonical(query):
    """The query without what its spelling leaves open."""
    query = re.sub(r"\|\s*select\([^)]*\)\s*$", "", query.replace("`", '"'))
    query = re.sub(r"\{\s*(true)?\s*\}", "{}", query)
    query = re.sub(r"(?<![0-9])0\.", ".", query)
    return re.sub(r"[\s]|\((?=\{[^{}]*\}\))|(?<=\})\)", "", query)


def recorded_replies():
    with open(os.path.join(REPLIES, "replies.json"), encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        with open(os.path.join(REPLIES, entry["file"]), "rb") as file:
            entry["body"] = file.read()
    return entries


class Book:
    """The recorded answers, what was asked, and how to answer; shared by all connections."""

    def __init__(self, options):
        self.lock = threading.Lock()
        self.options = options
        self.rules = []
        self.requests = collections.deque(maxlen=10_000)
        self.replies = recorded_replies()

    def set_rules(self, rules):
        rules = rules if isinstance(rules, list) else [rules]
        for rule in rules:
            unknown = set(rule) - RULE_KEYS
            if unknown:
                raise ValueError("a rule has no " + ", ".join(sorted(unknown)))
        with self.lock:
            self.rules = rules

    def rule_for(self, path):
        with self.lock:
            for rule in self.rules:
                if rule.get("path", path) != path or rule.get("times") == 0:
                    continue
                if "times" in rule:
                    rule["times"] -= 1
                return rule
        return {}

    def has_taken(self, trace_id):
        """Whether an OTLP stand-in's log has a span of the trace."""
        if not self.options.spans:
            return False
        with open(self.options.spans, encoding="utf-8") as file:
            return any(json.loads(line)["trace_id"] == trace_id for line in file if line.endswith("\n"))

    def find(self, path, parameters):
        """The recorded answer: of those for the path and query, one whose step is the same."""
        if path.startswith("/api/v2/traces/"):
            path = path.lower()
        for entry in self.replies:
            recorded = entry["parameters"]
            if (entry["path"] == path and same_query(recorded.get("q"), parameters.get("q"))
                    and recorded.get("scope") == parameters.get("scope")
                    and ("step" not in recorded or recorded["step"] == parameters.get("step"))
                    and entry["status"] in (200, 500)):
                return entry
        return None


def same_query(recorded, asked):
    if recorded is None or asked is None:
        return recorded is asked
    return canonical(recorded) == canonical(asked)


def check_search(parameters):
    limit = int(parameters.get("limit", "20"))
    spans = int(parameters.get("spss", "3"))
    if limit <= 0:
        raise Refused(400, "invalid limit: must be a positive number")
    if limit > MAX_LIMIT:
        raise Refused(400, f"limit {limit} exceeds max limit {MAX_LIMIT}")
    if spans > MAX_SPANS:
        raise Refused(400, f"spans per span set exceeds {MAX_SPANS}. received {spans}")
    check_range(parameters, MAX_SEARCH_SECONDS)


def check_range(parameters, longest):
    start, end = parameters.get("start"), parameters.get("end")
    if start is None and end is None:
        return
    if start is None or end is None or not start.isdigit() or not end.isdigit():
        raise Refused(400, "invalid start or end")
    if int(start) >= int(end):
        raise Refused(400, f"http parameter start must be before end. received start={start} end={end}")
    if longest and int(end) - int(start) > longest:
        raise Refused(400, "range specified by start and end exceeds 168h0m0s. "
                           f"received start={start} end={end}")


def seconds(moment):
    """Of a time in seconds or nanoseconds."""
    return int(moment) / 1e9 if len(moment) > 10 else int(moment)


def check_metrics(path, parameters):
    length = seconds(parameters["end"]) - seconds(parameters["start"])
    if length > MAX_METRICS_SECONDS:
        raise Refused(400, "metrics query time range exceeds the maximum allowed duration of 24h0m0s")
    step = re.fullmatch(r"(\d+)(ms|s)", parameters.get("step", "60s"))
    step_ms = int(step.group(1)) * (1 if step.group(2) == "ms" else 1000)
    if path.endswith("query_range") and length * 1000 / step_ms > 10_000:
        raise Refused(400, f"step of {parameters['step']} is too small, minimum step for given range is "
                           f"{int(length * 1000 / 10_000)}ms")


def check_path(path, parameters):
    trace = re.fullmatch(r"/api/v2/traces/(.*)", path)
    if path == "/api/search":
        check_search(parameters)
    elif path in ("/api/metrics/query_range", "/api/metrics/query"):
        check_metrics(path, parameters)
    elif trace:
        bad = re.search(r"[^0-9a-fA-F]", trace.group(1))
        if bad:
            raise Refused(400, "trace IDs can only contain hex characters: invalid character "
                               f"'{bad.group(0)}' at position {bad.start() + 1}")
        if len(trace.group(1)) > 32:
            raise Refused(400, "trace IDs can't be larger than 128 bits")
    elif path == "/api/v2/search/tags":
        check_range(parameters, None)
        if parameters.get("scope", "none") not in (
                "none", "resource", "span", "intrinsic", "event", "link", "instrumentation"):
            raise Refused(400, f"invalid scope: {parameters['scope']}")
    elif re.fullmatch(r"/api/v2/search/tag/[a-z]+/values", path) and path.split("/")[5] not in (
            "name", "status", "kind", "duration"):
        tag = path.split("/")[5]
        raise Refused(400, f"please provide a valid tagName: failed to parse identifier {tag}: "
                           f"parse error at line 1, col 2: unknown identifier: {tag}")


def nothing(path):
    """What Tempo answers where it finds nothing."""
    if path == "/api/search":
        return {"traces": [], "metrics": {}}
    if path in ("/api/metrics/query_range", "/api/metrics/query"):
        return {"series": [], "metrics": {}}
    if path.startswith("/api/v2/traces/"):
        return {"trace": {}, "metrics": {}}
    if path.startswith("/api/v2/search/tag/"):
        return {"tagValues": [], "metrics": {}}
    raise Refused(404, "404 page not found")


def one_span(trace_id):
    span = {"traceId": base64.b64encode(bytes.fromhex(trace_id)).decode(), "spanId": "AQIDBAUGBwg=", "name": "taken"}
    return {"trace": {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, "metrics": {}}


def as_texts(value):
    if isinstance(value, dict):
        return {key: as_texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_texts(each) for each in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/control":
            self.answer(404, b"404 page not found", TEXT)
            return
        try:
            self.server.book.set_rules(json.loads(body))
        except (ValueError, TypeError) as error:
            self.answer(400, str(error).encode(), TEXT)
            return
        self.answer(204, b"", TEXT)

    def do_GET(self):
        book = self.server.book
        if self.path == "/control/requests":
            with book.lock:
                text = json.dumps(list(book.requests))
            self.answer(200, text.encode(), JSON)
            return
        address = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(address.path)
        parameters = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        request = {"path": path, "parameters": parameters,
                   "headers": {name.lower(): value for name, value in self.headers.items()}}
        with book.lock:
            book.requests.append(request)
        try:
            self.check_who_asks(path)
            check_path(path, parameters)
            status, body = self.reply(path, parameters)
            content_type = JSON if status == 200 else TEXT
        except Refused as refused:
            status, body, content_type = refused.status, str(refused).encode(), TEXT
        request["status"] = status
        self.obey(book.rule_for(path), status, body, content_type)

    def check_who_asks(self, path):
        options = self.server.book.options
        tenants = self.headers.get("X-Scope-OrgID")
        if options.authorization and self.headers.get("Authorization") != options.authorization:
            raise Refused(401, "who is that: " + self.headers.get("Authorization", "nobody"))
        if not options.multi_tenant or path in ("/api/status/buildinfo", "/api/echo"):
            return
        if not tenants:
            raise Refused(401, "no org id")
        for tenant in tenants.split("|"):
            if not TENANT.fullmatch(tenant):
                bad = re.search(r"[^A-Za-z0-9!\-_.*'()]", tenant).group(0)
                raise Refused(400, f"tenant ID '{tenant}' contains unsupported character '{bad}'")

    def reply(self, path, parameters):
        if path == "/api/echo":
            return 200, b"echo"
        trace = re.fullmatch(r"/api/v2/traces/([0-9a-f]{32})", path)
        if trace and self.server.book.has_taken(trace.group(1)):
            return 200, json.dumps(one_span(trace.group(1))).encode()
        entry = self.server.book.find(path, parameters)
        if entry:
            return entry["status"], entry["body"]
        return 200, json.dumps(nothing(path)).encode()

    def obey(self, rule, status, body, content_type):
        if rule.get("hang"):
            self.rfile.read(1)  # returns when the client has had enough
            self.close_connection = True
            return
        if rule.get("texts"):
            body = json.dumps(as_texts(json.loads(body))).encode()
        if "partial" in rule:
            body = json.dumps({**json.loads(body), "status": "PARTIAL", "message": rule["partial"]}).encode()
        if "body" in rule:
            body = rule["body"].encode()
        body = b" " * rule.get("pad", 0) + body
        self.answer(rule.get("code", status), body, rule.get("content_type", content_type),
                    rule.get("headers"), rule.get("cut"))

    def answer(self, code, body, content_type, headers=None, cut=None):
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_WR)


def main():
    parser = argparse.ArgumentParser(description="A Tempo for tests.")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--port-file", help="where to write the port")
    parser.add_argument("--multi-tenant", action="store_true", help="a tenant must be named")
    parser.add_argument("--authorization", help="the Authorization header that is asked for")
    parser.add_argument("--spans", help="the log of an otlp_receiver.py, whose traces are found")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--end-with-input", action="store_true", help="end when stdin does")
    options = parser.parse_args()

    tls = tls_context(*options.tls, None) if options.tls else None
    server = Server(options.port, Book(options), tls, Handler)
    if options.port_file:
        write_whole(options.port_file, f"{server.server_port}\n")
    if options.end_with_input:
        threading.Thread(target=end_with_input, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
