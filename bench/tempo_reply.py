#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Rules for test/stand_in/tempo.py: a search whose answer has as many traces as the
first argument says, and a metrics query of 20 series with 500 points each."""

import json
import sys

START = 1795455355 * 10**9


def trace(number):
    span = {
        "spanID": "%016x" % (number + 1),
        "name": "chat gpt-4o",
        "startTimeUnixNano": str(START + number * 1000000),
        "durationNanos": str(1000000 * (1 + number % 3000)),
        "attributes": [
            {"key": "status", "value": {"stringValue": "unset"}},
            {"key": "kind", "value": {"stringValue": "client"}},
            {"key": "team", "value": {"stringValue": "team-%d" % (number % 7)}},
            {"key": "genops.cost.total_cost", "value": {"doubleValue": 0.0125 * (number % 97)}},
            {"key": "genops.cost.total_tokens", "value": {"intValue": str(number % 4001)}},
            {"key": "service.name", "value": {"stringValue": "assistant"}},
        ],
    }
    return {
        "traceID": "%032x" % (number + 1),
        "rootServiceName": "assistant",
        "rootTraceName": "chat gpt-4o",
        "startTimeUnixNano": span["startTimeUnixNano"],
        "durationMs": 1 + number % 3000,
        "spanSets": [{"spans": [span], "matched": 1}],
    }


def series(number):
    samples = [{"timestampMs": str(START // 10**6 + 1000 * i), "value": i * 0.25} for i in range(500)]
    return {"labels": [{"key": ".team", "value": {"stringValue": "team-%d" % number}}], "samples": samples}


json.dump(
    [
        {"path": "/api/search", "body": json.dumps({"traces": [trace(i) for i in range(int(sys.argv[1]))]})},
        {"path": "/api/metrics/query_range", "body": json.dumps({"series": [series(i) for i in range(20)]})},
    ],
    sys.stdout,
)
