#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""An OTLP/HTTP endpoint for tests: decodes with Google's protobuf library, and
answers as it is told.

It listens on 127.0.0.1.  Every span that it accepted becomes a line of JSON in the log; the
spans of a request that it refused don't.

    POST /v1/traces         protobuf or JSON, gzip or not
    POST /control           rules: how to answer from now on (an object or an array)
    GET  /control/stats     counts, as JSON
    GET  /control/requests  every request: tenant, spans, bytes, status, headers' names
    GET  /control/summary   for people

The first rule that fits a request says what happens; without one the answer is 200.

    {"mode": "ok" | "partial" | "status",
     "tenant": "a",         only for this tenant; "" means requests without one
     "more_than": 100,      only for requests of more spans than this
     "with_span": "chat x", only for requests that have a span of this name
     "times": 2,            only so often
     "rejected": 1,         of a partial success: the first so many spans are refused
     "code": 503,           the HTTP status of mode "status"
     "rpc_code": 14, "message": "no org id",     the google.rpc.Status of the answer
     "body": "<html>",      instead of one
     "retry_after": "2",    seconds or a date, as it stands
     "retry_after_in": 2,   as the date so many seconds from now
     "headers": {},         more of them
     "delay_ms": 100,       before the answer
     "hang": true,          no answer, ever
     "reset": true}         the connection is reset instead of the answer; "after"
                            takes the spans first, as when an answer is lost
"""

import argparse
import collections
import email.utils
import gzip
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from otlp_messages import ExportTraceServiceResponse, RpcStatus
from otlp_spans import Malformed, parse, spans

from google.protobuf import json_format

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
RULE_KEYS = {
    "mode", "tenant", "more_than", "with_span", "times", "rejected", "code", "rpc_code", "message", "body",
    "retry_after", "retry_after_in", "headers", "delay_ms", "hang", "reset",
}
INVALID_ARGUMENT = 3  # of google.rpc.Code
REQUESTS_KEPT = 100_000


class Book:
    """What came, and how to answer; shared by all connections."""

    def __init__(self, log):
        self.lock = threading.Lock()
        self.log = log
        self.rules = []
        self.requests = collections.deque(maxlen=REQUESTS_KEPT)
        self.stats = {
            "requests": 0, "accepted_requests": 0, "spans": 0, "spans_offered": 0, "bytes": 0,
            "connections": 0, "malformed": [], "by_tenant": {}, "by_status": {},
        }
        self.lines = collections.deque(maxlen=20)

    def set_rules(self, rules):
        rules = rules if isinstance(rules, list) else [rules]
        for rule in rules:
            unknown = set(rule) - RULE_KEYS
            if unknown:
                raise ValueError("a rule has no " + ", ".join(sorted(unknown)))
            if rule.get("mode", "ok") not in ("ok", "partial", "status"):
                raise ValueError("no such mode: " + rule["mode"])
        with self.lock:
            self.rules = rules

    def rule_for(self, tenant, received):
        with self.lock:
            for rule in self.rules:
                if "tenant" in rule and rule["tenant"] != (tenant or ""):
                    continue
                if len(received) <= rule.get("more_than", -1) or rule.get("times") == 0:
                    continue
                if "with_span" in rule and all(span["name"] != rule["with_span"] for span in received):
                    continue
                if "times" in rule:
                    rule["times"] -= 1
                return dict(rule)
        return {"mode": "ok"}

    def offered(self, request):
        """A request was read whole; returns its number."""
        with self.lock:
            self.stats["requests"] += 1
            self.stats["spans_offered"] += request["spans"]
            self.stats["bytes"] += request["bytes"]
            request["number"] = self.stats["requests"]
            self.requests.append(request)
            return request["number"]

    def answered(self, request, status):
        with self.lock:
            request["status"] = status
            by_status = self.stats["by_status"]
            by_status[str(status)] = by_status.get(str(status), 0) + 1

    def accepted(self, request, accepted):
        with self.lock:
            self.stats["accepted_requests"] += 1
            self.stats["spans"] += len(accepted)
            tenant = request["tenant"] or ""
            by_tenant = self.stats["by_tenant"]
            by_tenant[tenant] = by_tenant.get(tenant, 0) + len(accepted)
            for span in accepted:
                line = {"tenant": request["tenant"], "request": request["number"],
                        "headers": request["headers"], "authorization": request["authorization"], **span}
                self.log.write(json.dumps(line) + "\n")
                self.lines.append(line)
            self.log.flush()

    def summary(self):
        with self.lock:
            text = (f"{self.stats['spans']} spans in {self.stats['accepted_requests']} requests, "
                    f"{self.stats['bytes']} bytes\n\n")
            columns = "{:<18} {:<10} {:<8} {:<12} {:<8} {:>9} {:>12}\n"
            text += columns.format("span", "service", "tenant", "team", "status", "ms", "total_cost")
            for line in self.lines:
                text += columns.format(
                    line["name"], _shown(line["resource"], "service.name"), line["tenant"] or "",
                    _shown(line["attributes"], "team"), line["status"],
                    f"{(line['end_time_unix_nano'] - line['start_time_unix_nano']) / 1e6:.1f}",
                    _shown(line["attributes"], "genops.cost.total_cost"))
            return text


def _shown(attributes, key):
    return str(next(iter(attributes.get(key, {"": ""}).values())))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Answers are written in two pieces; the second must not wait for an ACK.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.book.lock:
            self.server.book.stats["connections"] += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        book = self.server.book
        if self.path == "/control/stats":
            with book.lock:
                text = json.dumps(book.stats)
            self.answer(200, text.encode(), JSON)
        elif self.path == "/control/requests":
            with book.lock:
                text = json.dumps(list(book.requests))
            self.answer(200, text.encode(), JSON)
        elif self.path == "/control/summary":
            self.answer(200, book.summary().encode(), "text/plain; charset=utf-8")
        else:
            self.answer(405 if self.path == "/v1/traces" else 404, b"405 method not allowed", "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/control":
            self.control(body)
        elif self.path == "/v1/traces":
            self.traces(body)
        else:
            self.answer(404, b"404 page not found", "text/plain")

    def control(self, body):
        try:
            self.server.book.set_rules(json.loads(body))
        except (ValueError, TypeError) as error:
            self.answer(400, str(error).encode(), "text/plain")
            return
        self.answer(204, b"", "text/plain")

    def traces(self, body):
        request = {
            "tenant": self.headers.get("X-Scope-OrgID"),
            "spans": 0,
            "bytes": len(body),
            "content_type": self.headers.get("Content-Type"),
            "content_encoding": self.headers.get("Content-Encoding"),
            "authorization": self.headers.get("Authorization"),
            "user_agent": self.headers.get("User-Agent"),
            "headers": sorted(name.lower() for name in self.headers.keys()),
            "received_at": time.time(),
            "status": None,
        }
        try:
            received = self.decode(body, request["content_type"], request["content_encoding"])
        except Malformed as error:
            self.server.book.offered(request)
            with self.server.book.lock:
                self.server.book.stats["malformed"].append(str(error))
            self.refuse(request, 400, {"rpc_code": INVALID_ARGUMENT, "message": str(error)})
            return
        request["spans"] = len(received)
        self.server.book.offered(request)
        self.obey(self.server.book.rule_for(request["tenant"], received), request, received)

    def decode(self, body, content_type, encoding):
        if content_type not in (PROTOBUF, JSON):
            raise Malformed(f"unsupported media type {content_type}")
        if encoding == "gzip":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError) as error:
                raise Malformed(f"gzip: {error}") from error
        elif encoding not in (None, "identity"):
            raise Malformed(f"unsupported Content-Encoding: {encoding}")
        return spans(parse(body, content_type == JSON))

    def obey(self, rule, request, received):
        if rule.get("hang"):
            self.rfile.read(1)  # returns when the client has had enough
            self.close_connection = True
            return
        time.sleep(rule.get("delay_ms", 0) / 1000)
        if rule.get("reset"):
            if rule["reset"] == "after":
                self.server.book.accepted(request, received)
            self.reset()
            return
        if rule.get("mode") == "status":
            self.refuse(request, rule["code"], rule)
            return
        rejected = rule.get("rejected", 1) if rule.get("mode") == "partial" else 0
        self.server.book.accepted(request, received[rejected:])
        response = ExportTraceServiceResponse()
        if rule.get("mode") == "partial":
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = rule.get("message", "refused by a rule")
        self.server.book.answered(request, 200)
        self.answer_message(200, response, rule)

    def refuse(self, request, code, rule):
        self.server.book.answered(request, code)
        if "body" in rule:
            self.answer(code, rule["body"].encode(), "text/plain", self.extra_headers(rule))
        else:
            status = RpcStatus(code=rule.get("rpc_code", 0), message=rule.get("message", "refused by a rule"))
            self.answer_message(code, status, rule)

    def reset(self):
        """SO_LINGER with no time makes close() send RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection = self.request = socket.socket(fileno=self.connection.detach())
        self.close_connection = True
        self.connection.close()
        self.rfile.close()

    def extra_headers(self, rule):
        headers = dict(rule.get("headers", {}))
        if "retry_after" in rule:
            headers["Retry-After"] = str(rule["retry_after"])
        if "retry_after_in" in rule:
            headers["Retry-After"] = email.utils.formatdate(time.time() + rule["retry_after_in"], usegmt=True)
        return headers

    def answer_message(self, code, message, rule):
        """In the request's own encoding, as OTLP says."""
        if self.headers.get("Content-Type") == JSON:
            self.answer(code, json_format.MessageToJson(message).encode(), JSON, self.extra_headers(rule))
        else:
            self.answer(code, message.SerializeToString(), PROTOBUF, self.extra_headers(rule))

    def answer(self, code, body, content_type, headers=None):
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, book, tls, handler=Handler):
        super().__init__(("127.0.0.1", port), handler)
        self.book = book
        if tls:
            # The handshake happens at the first read, in the connection's own thread.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """A client that goes away, or refuses the certificate, is no news."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def tls_context(certificate, key, client_ca):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def write_whole(path, text):
    """Whoever waits for the file never sees a part of it."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def end_with_input():
    """The one who started us holds the other end of stdin."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description="An OTLP/HTTP endpoint for tests.")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--port-file", help="where to write the port")
    parser.add_argument("--log", default=os.devnull, help="where to append the spans, a line of JSON each")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--client-ca", help="ask for a certificate that this one signed")
    parser.add_argument("--end-with-input", action="store_true", help="end when stdin does")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    tls = tls_context(*options.tls, options.client_ca) if options.tls else None
    with open(options.log, "a", encoding="utf-8") as log:
        server = Server(options.port, Book(log), tls)
        if options.port_file:
            write_whole(options.port_file, f"{server.server_port}\n")
        if options.end_with_input:
            threading.Thread(target=end_with_input, daemon=True).start()
        server.serve_forever()


if __name__ == "__main__":
    main()
