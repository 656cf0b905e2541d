#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Does the stand-in itself do what the other tests rely on?  Speaks TAP."""

import gzip
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time

from otlp_messages import ExportTraceServiceRequest, ExportTraceServiceResponse, RpcStatus

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOBUF = {"Content-Type": "application/x-protobuf"}
count = 0
failed = 0


def check(passed, what):
    global count, failed
    count += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {what}", flush=True)


class Receiver:
    def __init__(self, folder, name, *arguments, context=None):
        self.log = os.path.join(folder, name + ".log")
        self.context = context
        port_file = os.path.join(folder, name + ".port")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(HERE, "otlp_receiver.py"), "--log", self.log,
             "--port-file", port_file, "--end-with-input", *arguments], stdin=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not os.path.exists(port_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the receiver didn't start")
            time.sleep(0.02)
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def connect(self):
        if self.context:
            return http.client.HTTPSConnection("localhost", self.port, timeout=30, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, body=None, headers=None, connection=None):
        connection = connection or self.connect()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()

    def post(self, body, headers=None, connection=None):
        return self.ask("POST", "/v1/traces", body, {**PROTOBUF, **(headers or {})}, connection)

    def rules(self, rules):
        response, text = self.ask("POST", "/control", json.dumps(rules))
        if response.status != 204:
            sys.exit(f"a rule was refused: {text}")

    def stats(self):
        return json.loads(self.ask("GET", "/control/stats")[1])

    def spans(self):
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(30)


def request(*span_ids):
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "genops_tempo"
    for each in span_ids:
        span = scope_spans.spans.add(
            trace_id=bytes([7] * 16), span_id=each.to_bytes(8, "big"), name="chat gpt-4o", kind=3,
            start_time_unix_nano=1_700_000_000_000_000_001, end_time_unix_nano=1_700_000_000_000_000_009)
        span.attributes.add(key="cost").value.double_value = 0.1
        span.attributes.add(key="tokens").value.int_value = 9_007_199_254_740_993
        span.attributes.add(key="none").value.string_value = ""
    return message


def receiving(receiver):
    response, body = receiver.post(request(1, 2).SerializeToString(), {"X-Scope-OrgID": "a"})
    check(response.status == 200 and not ExportTraceServiceResponse.FromString(body).HasField("partial_success"),
          "spans are taken")
    first = receiver.spans()[0]
    check(first["attributes"] == {"cost": {"double": 0.1}, "tokens": {"int": 9_007_199_254_740_993},
                                  "none": {"string": ""}}, "attributes come with their types")
    check((first["tenant"], first["span_id"], first["kind"], first["parent_span_id"]) ==
          ("a", "0000000000000001", "client", None), "and ids, tenant and kind")
    check(first["start_time_unix_nano"] == 1_700_000_000_000_000_001, "nanoseconds are exact")
    response, _ = receiver.post(gzip.compress(request(3).SerializeToString()), {"Content-Encoding": "gzip"})
    check(response.status == 200 and len(receiver.spans()) == 3, "gzip is understood")

    text = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "07" * 16, "spanId": "00" * 7 + "04", "name": "json", "startTimeUnixNano": "1",
        "endTimeUnixNano": "2", "attributes": [{"key": "k", "value": {"intValue": "5"}}]}]}]}]})
    response, body = receiver.ask("POST", "/v1/traces", text, {"Content-Type": "application/json"})
    check(response.status == 200 and json.loads(body) == {}, "JSON is answered in JSON")
    check(receiver.spans()[3]["attributes"] == {"k": {"int": 5}}, "and means the same")


def refusing(receiver):
    connection = receiver.connect()
    for damage, what in (({"span_id": bytes(8)}, "a span id of zeroes"), ({"trace_id": bytes(15)}, "a short trace id"),
                         ({"end_time_unix_nano": 1}, "an end before the start")):
        damaged = request(5)
        for key, value in damage.items():
            setattr(damaged.resource_spans[0].scope_spans[0].spans[0], key, value)
        response, body = receiver.post(damaged.SerializeToString(), connection=connection)
        check(response.status == 400 and RpcStatus.FromString(body).code == 3, what + " is refused")
    twice = request(5)
    twice.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="cost").value.int_value = 1
    check(receiver.post(twice.SerializeToString())[0].status == 400, "a key that comes twice is refused")
    check(receiver.post(b"\x0a\xff")[0].status == 400, "what is no protobuf is refused")
    check(len(receiver.spans()) == 4, "what was refused is not in the log")


def obeying(receiver):
    body = request(6, 7).SerializeToString()
    receiver.rules([{"mode": "partial", "rejected": 1, "message": "too old", "times": 1},
                    {"mode": "status", "code": 503, "rpc_code": 14, "message": "no org id", "tenant": ""},
                    {"mode": "status", "code": 429, "retry_after_in": 60, "tenant": "b"},
                    {"mode": "status", "code": 413, "more_than": 1, "tenant": "c"}])
    partial = ExportTraceServiceResponse.FromString(receiver.post(body)[1]).partial_success
    check((partial.rejected_spans, partial.error_message) == (1, "too old"), "a partial success")
    response, answer = receiver.post(body)
    check(response.status == 503 and RpcStatus.FromString(answer).message == "no org id", "no tenant, as Tempo says it")
    response, _ = receiver.post(body, {"X-Scope-OrgID": "b"})
    check(response.status == 429 and response.headers["Retry-After"].endswith(" GMT"), "429 until a date")
    check(receiver.post(body, {"X-Scope-OrgID": "c"})[0].status == 413, "two spans are too many")
    check(receiver.post(request(8).SerializeToString(), {"X-Scope-OrgID": "c"})[0].status == 200, "one is not")
    receiver.rules({"mode": "status", "code": 500, "with_span": "chat gpt-4o"})
    check(receiver.post(body)[0].status == 500, "a request with a certain span")
    receiver.rules({"mode": "status", "code": 500, "with_span": "no such span"})
    check(receiver.post(body, {"X-Scope-OrgID": "c"})[0].status == 200, "and one without it")

    receiver.rules({"reset": True, "times": 1})
    try:
        receiver.post(body)
        check(False, "a reset")
    except ConnectionResetError:
        check(True, "a reset")
    receiver.rules({"hang": True})
    connection = receiver.connect()
    connection.timeout = 0.3
    try:
        receiver.post(body, connection=connection)
        check(False, "no answer")
    except TimeoutError:
        check(True, "no answer")
    receiver.rules([])
    stats = receiver.stats()
    check(stats["by_tenant"] == {"a": 2, "": 3, "c": 3} and stats["spans"] == 8, "spans are counted by tenant")
    check(stats["by_status"] == {"200": 6, "400": 5, "500": 1, "503": 1, "429": 1, "413": 1}, "and answers by status")


def speaking_tls(folder):
    subprocess.run([os.path.join(HERE, "make_certificates"), folder], check=True)
    files = {name: os.path.join(folder, name) for name in
             ("ca.pem", "server.pem", "server.key", "client.pem", "client.key", "other_ca.pem")}
    context = ssl.create_default_context(cafile=files["ca.pem"])
    context.load_cert_chain(files["client.pem"], files["client.key"])
    receiver = Receiver(folder, "tls", "--tls", files["server.pem"], files["server.key"],
                        "--client-ca", files["ca.pem"], context=context)
    check(receiver.post(request(9).SerializeToString())[0].status == 200, "a client with its certificate")
    for stranger, what in ((ssl.create_default_context(cafile=files["ca.pem"]), "a client without one"),
                           (ssl.create_default_context(cafile=files["other_ca.pem"]), "a client of another authority")):
        receiver.context = stranger
        try:
            receiver.post(request(9).SerializeToString())
            check(False, what)
        except (ssl.SSLError, ConnectionError):
            check(True, what)
    receiver.stop()


def main():
    with tempfile.TemporaryDirectory() as folder:
        receiver = Receiver(folder, "plain")
        receiving(receiver)
        refusing(receiver)
        obeying(receiver)
        check(receiver.stop() == 0, "it ends with its input")
        speaking_tls(folder)
    print(f"1..{count}")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
