# SPDX-License-Identifier: PostgreSQL
"""What Grafana makes of a panel's SQL before it asks PostgreSQL."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(interval):
    number, unit = re.fullmatch(r"(\d+)([smhd])", interval).groups()
    return int(number) * SECONDS[unit]


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Expander:
    """The time range's ends as texts, the interval of the panel, the dashboard's variables as lists
    of texts."""

    def __init__(self, start, end, interval="1m", variables=None):
        self.start, self.end, self.interval = literal(start), literal(end), interval
        self.variables = variables or {}

    def macro(self, match):
        name, arguments = match.group(1), [each.strip() for each in match.group(2).split(",")]
        if name == "timeFilter":
            return f"{arguments[0]} BETWEEN {self.start} AND {self.end}"
        if name == "timeFrom":
            return self.start
        if name == "timeTo":
            return self.end
        if name == "timeGroupAlias":
            step = seconds(arguments[1])
            return f'floor(extract(epoch from {arguments[0]})/{step})*{step} AS "time"'
        raise ValueError(f"unknown macro: {match.group(0)}")

    def variable(self, match):
        return ",".join(literal(each) for each in self.variables[match.group(1)])

    def expand(self, sql):
        sql = re.sub(r"\$\{(\w+):sqlstring\}", self.variable, sql)
        sql = re.sub(r"\$__interval\b", self.interval, sql)
        sql = re.sub(r"\$__(\w+)\(([^()]*)\)", self.macro, sql)
        left = re.search(r"\$[\w{]+", sql)
        if left:
            raise ValueError(f"not replaced: {left.group(0)}")
        return sql
