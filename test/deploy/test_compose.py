#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Is what "docker compose up" reads consistent?  No engine is needed.  Speaks TAP."""

import fnmatch
import glob
import os
import re
import shutil
import subprocess
import tempfile

import yaml

from deployment import (PATTERNS, ROOT, VARIABLE, compose, example_environment, find, mounts, path_of, read,
                        text_of, volume_target)
from tap import check, done, none, skip

SERVICE_KEYS = {"build", "command", "depends_on", "environment", "healthcheck", "image", "ports", "restart",
                "shm_size", "stop_grace_period", "volumes"}


def parsing():
    for name in find("docker-compose*.yml", "deploy/*.y*ml", "grafana/**/*.yaml", "grafana/**/*.json"):
        try:
            check(read(name), f"{name} is not empty")
        except (ValueError, yaml.YAMLError) as error:
            check(False, f"{name} parses", error)


def services(pattern):
    content = compose(pattern)
    every = content["services"]
    none((f"{name}: {key}" for name, service in every.items() for key in service.keys() - SERVICE_KEYS),
         f"{pattern}: services have keys that Compose knows")
    none((f"{name}: {service.get('image')}" for name, service in every.items()
          if not re.fullmatch(r"[a-z0-9./-]+:v?\d[\w.-]*", service.get("image", ""))),
         f"{pattern}: every image has a version")
    none((f"{name}: {need}" for name, service in every.items() for need, how in service.get("depends_on", {}).items()
          if need not in every or (how["condition"] == "service_healthy" and "healthcheck" not in every[need])),
         f"{pattern}: what is waited for exists and can become healthy")
    ports = [port for service in every.values() for port in service.get("ports", [])]
    none({port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)},
         f"{pattern}: ports are published on this machine only")
    published = [port.split(":")[1] for port in ports]
    none({port for port in published if published.count(port) > 1}, f"{pattern}: no port is published twice")


def volumes(pattern):
    content = compose(pattern)
    mounted = [each for service in content["services"].values() for each in service.get("volumes", [])]
    named = {each.split(":")[0] for each in mounted if not each.startswith(".")}
    none(named ^ content["volumes"].keys(), f"{pattern}: named volumes are declared, and declared ones used")
    none((each for service in content["services"].values() for each in mounts(service).values()
          if not os.path.isfile(path_of(each))), f"{pattern}: mounted files exist")
    none((each for each in mounted if each.startswith(".") and not each.endswith(":ro")),
         f"{pattern}: mounted files are read-only")
    none((f"{name}: {target}" for name, service in content["services"].items()
          for target in [volume_target(each) for each in service.get("volumes", [])]
          if not target.startswith("/")), f"{pattern}: mounts have absolute targets")


def environment():
    used = {}
    for name in PATTERNS["lgtm"]:
        for _, variable, kind, default in VARIABLE.findall(re.sub(r"(?m)^\s*#.*", "", text_of(name))):
            if variable:
                used.setdefault(variable, set()).add((kind, default))
    example = example_environment()
    none(used.keys() - example.keys(), ".env.example has every variable")
    none(example.keys() - used.keys() - {"COMPOSE_FILE"}, ".env.example has no other variable")
    secret = {each for each in used if "PASSWORD" in each}
    check(len(secret) == 4, "there are four passwords", secret)
    none((each for each in secret if any(kind != ":?" for kind, _ in used[each])),
         "passwords have no default and are asked for")
    none((each for each in secret if example[each]), ".env.example has no password")
    none((f"{each}: {sorted(default for _, default in used[each])}" for each in used.keys() - secret
          if {default for _, default in used[each]} != {example[each]}),
         "defaults are those of .env.example")
    check("/.env" in text_of(".gitignore").splitlines(), ".env can't be committed by accident")


def first_start():
    """The database gets what init.sql asks for, and the addresses."""
    asked = set(re.findall(r"(?m)^\\getenv \w+ (\w+)$", text_of("deploy/init.sql")))
    for pattern in PATTERNS:
        database = compose(pattern)["services"]["postgresql"]
        none(asked - database["environment"].keys(), f"{pattern}: PostgreSQL has the variables that init.sql reads")
        check("deploy/init.sql" in mounts(database).values(), f"{pattern}: its image runs init.sql")
        through = database["environment"].get("OTEL_EXPORTER_OTLP_ENDPOINT")
        check((database["environment"]["TEMPO_ENDPOINT"], through) ==
              ("http://tempo:3200", None if pattern == "direct" else "http://otel-collector:4318"),
              f"{pattern}: spans go where they should")
    check(len(asked) == 5, "init.sql reads its variables", asked)


def tempo_versions():
    lines = re.findall(r"(?m)^#?TEMPO_IMAGE=grafana/tempo:(\d)\..*\n#?TEMPO_CONFIG=tempo-(\d).yaml$",
                       text_of(".env.example"))
    check(sorted(lines) == [("2", "2"), ("3", "3")], ".env.example names both Tempos with their configurations", lines)
    for major in "23":
        service = compose("direct", {**example_environment(), "TEMPO_CONFIG": f"tempo-{major}.yaml"})["services"]["tempo"]
        mounted = mounts(service)[service["command"][0].removeprefix("-config.file=")]
        check(os.path.isfile(path_of(mounted)), f"{mounted} is what Tempo {major} reads")


def addresses():
    """Names in URLs and targets are those of services."""
    every = compose("lgtm")["services"].keys()
    texts = {name: re.sub(r"(?m)^\s*#.*", "", text_of(name))
             for name in find("docker-compose*.yml", "deploy/*.y*ml", "grafana/provisioning/**/*.yaml")}
    hosts = {(name, host) for name, text in texts.items()
             for host in re.findall(r"(?:https?://|host=|url: (?!http)|targets: \[')([a-z][a-z-]*)(?=[:\s])", text)}
    check({host for _, host in hosts} == {"postgresql", "tempo", "otel-collector", "loki", "prometheus"},
          "addresses are found where they are expected", hosts)
    none((f"{name}: {host}" for name, host in hosts if host not in every), "addresses are names of services")


def build():
    lines = re.sub(r"(?m)^\s*#.*\n", "", text_of("Dockerfile")).replace("\\\n", " ").splitlines()
    instructions = [line.split(None, 1) for line in lines if line.strip()]
    none({word for word, *_ in instructions} - {"ARG", "FROM", "RUN", "WORKDIR", "COPY"},
         "the Dockerfile has instructions that exist")
    stages = [rest for word, rest in instructions if word == "FROM"]
    none((each for each in stages if not re.match(r"postgres:\$\{POSTGRES_MAJOR\}-bookworm( AS build)?$", each)),
         "build and result are of the same PostgreSQL")
    sources = [each for word, rest in instructions if word == "COPY" and not rest.startswith("--from")
               for each in rest.split()[:-1]]
    none((each for each in sources if not glob.glob(path_of(each))), "what is copied into the image exists")
    sent = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    none(sent ^ set(sources), "what is sent to the engine is what is copied")
    included = set(re.findall(r"\$\(top\)/(\w+\.mk)", text_of("Makefile")))
    check(len(included) > 3, "the Makefile has parts", included)
    none((each for each in included if not any(fnmatch.fnmatch(each, source) for source in sources)),
         "every part of the Makefile is copied")
    packages = set(re.findall(r"\s(lib[\w.-]+-dev|make|gcc|protobuf-c-compiler|zlib1g-dev)(?=\s)", text_of("Dockerfile")))
    core = re.search(r"(?s)\ncore='(.*?)'", text_of("scripts/dependencies")).group(1).split()
    none({each for each in core if each.endswith("-dev")} - packages - {"libclang-rt-dev", "libcmocka-dev"},
         "the image is built with the libraries that the extension needs")


def asking_compose():
    what = "docker compose accepts"
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        skip(what + " the files", "there is no docker compose")
        return
    filled = {**example_environment(), **{each: "x" for each in example_environment() if "PASSWORD" in each}}
    del filled["COMPOSE_FILE"]
    with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
        file.write("".join(f"{name}={value}\n" for name, value in filled.items()))
        file.flush()
        for pattern, names in PATTERNS.items():
            arguments = [word for name in names for word in ("-f", name)]
            answer = subprocess.run(["docker", "compose", "--env-file", file.name, *arguments, "config", "-q"],
                                    cwd=ROOT, capture_output=True, text=True)
            check(answer.returncode == 0, f"{what} {pattern}", answer.stderr)


parsing()
for each_pattern in PATTERNS:
    services(each_pattern)
    volumes(each_pattern)
environment()
first_start()
tempo_versions()
addresses()
build()
asking_compose()
done()
