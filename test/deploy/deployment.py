# SPDX-License-Identifier: PostgreSQL
"""The files that start the containers, read as Compose, the Collector and Grafana read them.

    deployment.py log-settings DIRECTORY    what the compose files set for PostgreSQL's log, as lines
                                            for postgresql.conf that log every statement there
"""

import glob
import json
import os
import re
import sys

import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
PATTERNS = {
    "direct": ["docker-compose.yml"],
    "collector": ["docker-compose.yml", "docker-compose.collector.yml"],
    "lgtm": ["docker-compose.yml", "docker-compose.collector.yml", "docker-compose.lgtm.yml"],
}


class StrictLoader(yaml.SafeLoader):
    """YAML allows a key twice and keeps one of them."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


def path_of(name):
    return os.path.join(ROOT, name)


def text_of(name):
    with open(path_of(name), encoding="utf-8") as file:
        return file.read()


def read(name):
    if name.endswith(".json"):
        return json.loads(text_of(name))
    return yaml.load(text_of(name), Loader=StrictLoader)


def find(*patterns):
    return sorted(os.path.relpath(each, ROOT) for pattern in patterns
                  for each in glob.glob(path_of(pattern), recursive=True))


def example_environment():
    lines = [line for line in text_of(".env.example").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Z_]+)(?:(:[-?])([^}]*))?\})")


def interpolate(value, environment):
    """${NAME}, ${NAME:-default} and ${NAME:?message}, as Compose replaces them."""
    def replacement(match):
        escaped, name, kind, default = match.groups()
        if escaped:
            return "$"
        return environment.get(name) or (default if kind == ":-" else "")

    if isinstance(value, dict):
        return {key: interpolate(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolate(each, environment) for each in value]
    return VARIABLE.sub(replacement, value) if isinstance(value, str) else value


def volume_target(volume):
    return volume.split(":")[1]


def merge(below, above, key=None):
    """A later file on top: mappings are merged, a command is replaced, mounts replace by target."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {each: merge(below[each], above[each], each) if each in below and each in above
                else above.get(each, below.get(each)) for each in {**below, **above}}
    if key == "volumes" and isinstance(below, list):
        return list({volume_target(each): each for each in below + above}.values())
    if key == "ports":
        return below + above
    return above


def compose(pattern, environment=None):
    if environment is None:
        environment = example_environment()
    merged = {}
    for name in PATTERNS[pattern]:
        merged = merge(merged, read(name))
    return interpolate(merged, environment)


def mounts(service):
    """Of files and folders of this project: where they are in the container -> what they are here."""
    return {volume_target(each): os.path.normpath(each.split(":")[0])
            for each in service.get("volumes", []) if each.startswith(".")}


def collector(pattern):
    """The Collector's configuration, of every --config, merged as it merges them."""
    service = compose(pattern)["services"]["otel-collector"]
    merged = {}
    for argument in service["command"]:
        merged = merge(merged, read(mounts(service)[argument.removeprefix("--config=")]))
    return merged


def data_sources(pattern):
    service = compose(pattern)["services"]["grafana"]
    return [source for target, name in mounts(service).items() if "/provisioning/datasources/" in target
            for source in read(name)["datasources"]]


def dashboards(pattern):
    service = compose(pattern)["services"]["grafana"]
    return {name: read(name) for name in mounts(service).values() if name.endswith(".json")}


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def metric_names(configuration):
    """How Prometheus calls what the sqlquery receivers make."""
    names = set()
    for name, receiver in configuration["receivers"].items():
        for query in receiver["queries"] if name.startswith("sqlquery") else []:
            for metric in query["metrics"]:
                unit = {"s": "_seconds", None: ""}[metric.get("unit")]
                total = "_total" if metric.get("monotonic") else ""
                names.add(metric["metric_name"].replace(".", "_") + unit + total)
    return names


def log_settings(directory):
    command = compose("lgtm")["services"]["postgresql"]["command"]
    settings = dict(each.split("=", 1) for each in command if "=" in each)
    settings.update(log_directory=directory, log_min_duration_statement="0", log_min_error_statement="error")
    return [f"{name} = '{value}'" for name, value in settings.items()]


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "log-settings":
        sys.exit(__doc__)
    print("\n".join(log_settings(sys.argv[2])))
