# SPDX-License-Identifier: PostgreSQL
"""Reads spans out of OTLP requests, and finds what is wrong with them."""

import base64
import json

from google.protobuf import json_format

from otlp_messages import ExportTraceServiceRequest

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATUSES = ["unset", "ok", "error"]


class Malformed(Exception):
    """What a strict endpoint refuses with 400."""


def parse(body, is_json):
    """The request's message, from either encoding; raises Malformed."""
    try:
        if is_json:
            return json_format.Parse(_ids_as_base64(body), ExportTraceServiceRequest(),
                                     ignore_unknown_fields=True)
        return ExportTraceServiceRequest.FromString(body)
    except Exception as error:  # the library has no common base of its errors
        raise Malformed(str(error)) from error


def spans(request):
    """Every span as what goes into the log, in the request's order."""
    return [
        _span(span, resource_spans, scope_spans)
        for resource_spans in request.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]


def _ids_as_base64(body):
    """OTLP's JSON has ids in hex, where protobuf's has bytes in base64."""
    def walk(node):
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode()
            if key in ("traceId", "spanId", "parentSpanId") and isinstance(value, str)
            else walk(value)
            for key, value in node.items()
        }

    return json.dumps(walk(json.loads(body)))


def _value(value):
    """An AnyValue with its type: 0.1 and "0.1" and 1 and 1.0 differ."""
    member = value.WhichOneof("value")
    if member is None:
        return {"null": None}
    content = getattr(value, member)
    kind = member[: -len("_value")]
    if kind == "array":
        return {kind: [_value(each) for each in content.values]}
    if kind == "kvlist":
        return {kind: _attributes(content.values, "a list of keys and values")}
    if kind == "bytes":
        return {kind: content.hex()}
    return {kind: content}


def _attributes(pairs, where):
    attributes = {}
    for pair in pairs:
        if not pair.key:
            raise Malformed(f"{where} has an attribute without a key")
        if pair.key in attributes:
            raise Malformed(f"{where} has the attribute {pair.key} twice")
        attributes[pair.key] = _value(pair.value)
    return attributes


def _id(content, length, what):
    if len(content) != length or not any(content):
        raise Malformed(f"{what}s must be {8 * length} bit and not all zero, received {8 * len(content)} bits")
    return content.hex()


def _event(event):
    return {
        "name": event.name,
        "time_unix_nano": event.time_unix_nano,
        "attributes": _attributes(event.attributes, "an event"),
    }


def _link(link):
    return {
        "trace_id": _id(link.trace_id, 16, "linked trace id"),
        "span_id": _id(link.span_id, 8, "linked span id"),
        "trace_state": link.trace_state,
        "flags": link.flags,
        "attributes": _attributes(link.attributes, "a link"),
    }


def _span(span, resource_spans, scope_spans):
    if not span.name:
        raise Malformed("a span has no name")
    if span.end_time_unix_nano < span.start_time_unix_nano:
        raise Malformed("a span ends before it starts")
    if span.kind >= len(KINDS) or span.status.code >= len(STATUSES):
        raise Malformed("a span has an unknown kind or status")
    return {
        "trace_id": _id(span.trace_id, 16, "trace id"),
        "span_id": _id(span.span_id, 8, "span id"),
        "parent_span_id": _id(span.parent_span_id, 8, "parent span id") if span.parent_span_id else None,
        "trace_state": span.trace_state,
        "flags": span.flags,
        "name": span.name,
        "kind": KINDS[span.kind],
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano,
        "status": STATUSES[span.status.code],
        "status_message": span.status.message,
        "attributes": _attributes(span.attributes, f"span {span.name}"),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": [_event(each) for each in span.events],
        "links": [_link(each) for each in span.links],
        "resource": _attributes(resource_spans.resource.attributes, "a resource"),
        "scope": {"name": scope_spans.scope.name, "version": scope_spans.scope.version},
        "schema_url": scope_spans.schema_url or resource_spans.schema_url,
    }
