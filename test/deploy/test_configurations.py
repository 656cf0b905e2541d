#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Are the configurations of Tempo, the Collector, Loki, Prometheus and Grafana consistent, with keys
that these programs know?  None of them is needed; GENOPS_TEST_TEMPO_2 and GENOPS_TEST_TEMPO_3 may
name a Tempo each, and promtool is asked where it is.  Speaks TAP."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from deployment import (PATTERNS, collector, compose, dashboards, data_sources, metric_names, mounts, panels,
                        path_of, read, text_of)
from tap import check, done, none, skip

# What each Tempo knows, as far as is of use here; None: whatever is below.  A key that it doesn't know
# keeps it from starting.
TEMPO_COMMON = {
    "server": {"http_listen_address": None, "http_listen_port": None, "grpc_listen_address": None,
               "grpc_listen_port": None, "log_level": None},
    "multitenancy_enabled": None,
    "distributor": {"receivers": {"otlp": {"protocols": {"http": {"endpoint": None}, "grpc": {"endpoint": None}}}},
                    "max_attribute_bytes": None},
    "memberlist": None,
    "querier": None,
    "storage": {"trace": {"backend": None, "local": {"path": None}, "s3": None, "gcs": None, "azure": None,
                          "wal": {"path": None, "ingestion_time_range_slack": None}, "blocklist_poll": None}},
    "usage_report": {"reporting_enabled": None},
}
INGESTION = {"rate_limit_bytes": None, "burst_size_bytes": None, "max_traces_per_user": None,
             "max_attribute_bytes": None}
COMPACTION = {"compaction": {"block_retention": None, "compacted_block_retention": None}}
TEMPO = {
    "2": {**TEMPO_COMMON,
          "compactor": COMPACTION,
          "ingester": {"trace_idle_period": None, "flush_check_period": None, "max_block_duration": None,
                       "complete_block_timeout": None},
          "ingester_client": None,
          "metrics_generator": {"metrics_ingestion_time_range_slack": None, "storage": {"path": None},
                                "traces_storage": {"path": None, "ingestion_time_range_slack": None},
                                "processor": {"local_blocks": {"filter_server_spans": None,
                                                               "flush_to_storage": None}}},
          "query_frontend": {"search": {"query_backend_after": None, "query_ingesters_until": None,
                                        "max_duration": None},
                             "metrics": {"query_backend_after": None, "max_duration": None}},
          "overrides": {"defaults": {"ingestion": INGESTION, "global": {"max_bytes_per_trace": None},
                                     "metrics_generator": {"processors": None}}}},
    "3": {**TEMPO_COMMON,
          "backend_worker": COMPACTION,
          "backend_scheduler": None,
          "live_store": {"flush_check_period": None, "max_trace_idle": None, "max_trace_live": None,
                         "complete_block_timeout": None, "shutdown_marker_dir": None,
                         "wal": {"path": None, "ingestion_time_range_slack": None}},
          "query_frontend": {"query_end_cutoff": None,
                             "search": {"query_backend_after": None, "max_duration": None},
                             "metrics": {"query_backend_after": None, "max_duration": None}},
          "overrides": {"defaults": {"ingestion": INGESTION, "global": {"max_bytes_per_trace": None}}}},
}

S3 = {each: None for each in ("endpoint", "bucket", "region", "access_key", "secret_key", "insecure", "forcepathstyle")}
TENANT = {"ingestion": INGESTION, "global": {"max_bytes_per_trace": None}, "read": {"max_bytes_per_tag_values_query": None},
          "compaction": {"block_retention": None}}
TEMPO_PRODUCTION = {
    **TEMPO["3"],
    "server": {**TEMPO_COMMON["server"], "grpc_server_max_recv_msg_size": None, "grpc_server_max_send_msg_size": None},
    "storage": {"trace": {"backend": None, "s3": S3, "wal": {"path": None}, "block": {"parquet_dedicated_columns": None}}},
    "cache": {"caches": None},
    "overrides": {"defaults": TENANT, "per_tenant_override_config": None},
}


def unknown_keys(content, known, path=""):
    for key, value in content.items():
        if key not in known:
            yield f"{path}{key}"
        elif known[key] is not None and isinstance(value, dict):
            yield from unknown_keys(value, known[key], f"{path}{key}.")


def tempo(major):
    name = f"deploy/tempo-{major}.yaml"
    content = read(name)
    none(unknown_keys(content, TEMPO[major]), f"{name} has only keys that Tempo {major} knows")
    protocols = content["distributor"]["receivers"]["otlp"]["protocols"]
    check({each: protocols[each]["endpoint"] for each in protocols} ==
          {"http": "0.0.0.0:4318", "grpc": "0.0.0.0:4317"}, f"{name}: other containers reach its receivers")
    paths = re.findall(r"(?m)^\s*(?:path|shutdown_marker_dir): (.*)$", text_of(name))
    none((each for each in paths if not each.startswith("/var/tempo/")), f"{name}: all it stores is in its volume")
    binary = os.environ.get(f"GENOPS_TEST_TEMPO_{major}")
    if not binary:
        skip(f"Tempo {major} accepts {name}", f"GENOPS_TEST_TEMPO_{major} is not set")
        return
    arguments = compose("direct")["services"]["tempo"]["command"][1:]
    answer = subprocess.run([binary, f"-config.file={path_of(name)}", *arguments, "-config.verify=true"],
                            capture_output=True, text=True)
    check(answer.returncode == 0, f"Tempo {major} accepts {name}", answer.stdout + answer.stderr)


def tempo_production():
    name = "deploy/tempo-production.yaml"
    content = read(name)
    none(unknown_keys(content, TEMPO_PRODUCTION), f"{name} has only keys that Tempo 3 knows")
    check(content["multitenancy_enabled"] is True, f"{name}: a request without a tenant is refused")
    text = text_of(name)
    told = set(re.findall(r"\b(?:TEMPO|AWS|MEMCACHED)\w*", text.split("multitenancy_enabled")[0]))
    used = dict(re.findall(r"\$\{(\w+)(:-)?", text))
    none({each for each, default in used.items() if not default} - told, f"{name} tells what it needs from the environment")
    none(told - used.keys(), f"{name} reads what it tells of")
    none(unknown_keys(read("deploy/tempo-tenants.yaml")["overrides"]["large-tenant"], TENANT), "a tenant's limits are known ones")
    binary = os.environ.get("GENOPS_TEST_TEMPO_3")
    if not binary:
        skip(f"Tempo 3 accepts {name}", "GENOPS_TEST_TEMPO_3 is not set")
        return
    answer = subprocess.run([binary, f"-config.file={path_of(name)}", "-config.expand-env=true", "-config.verify=true"],
                            env={**os.environ, "TEMPO_S3_ENDPOINT": "localhost:1", "TEMPO_S3_BUCKET": "tempo"},
                            capture_output=True, text=True)
    check(answer.returncode == 0, f"Tempo 3 accepts {name}", answer.stdout + answer.stderr)


def the_collector(pattern):
    content = collector(pattern)
    pipelines = content["service"]["pipelines"]
    for kind in ("receivers", "processors", "exporters"):
        used = {each for pipeline in pipelines.values() for each in pipeline[kind]}
        none(used ^ content[kind].keys(), f"{pattern}: the Collector's {kind} are defined, and defined ones used")
    none(set(content["service"]["extensions"]) ^ content["extensions"].keys(),
         f"{pattern}: the Collector's extensions are defined, and defined ones used")
    none((name for name, pipeline in pipelines.items() if pipeline["processors"][0] != "memory_limiter"),
         f"{pattern}: every pipeline begins with memory_limiter")
    authenticators = {each["auth"]["authenticator"] for each in content["exporters"].values() if "auth" in each}
    none(authenticators - set(content["service"]["extensions"]), f"{pattern}: authenticators are extensions in use")
    service = compose(pattern)["services"]["otel-collector"]
    text = "".join(text_of(name) for name in mounts(service).values())
    none(set(re.findall(r"\$\{env:(\w+)\}", text)) ^ service.get("environment", {}).keys(),
         f"{pattern}: the Collector has the variables that its configuration reads")


def tenants():
    content = collector("collector")
    header = content["extensions"]["headers_setter"]["headers"][0]
    check(header["key"] == header["from_context"] == "X-Scope-OrgID", "the Collector hands the tenant on")
    check("batch" not in content["service"]["pipelines"]["traces"]["processors"], "a request stays one request")
    none((name for name, protocol in content["receivers"]["otlp"]["protocols"].items()
          if not protocol.get("include_metadata")), "receivers keep the tenant")
    exporter = content["exporters"]["otlphttp/tempo"]
    check(exporter["auth"]["authenticator"] == "headers_setter", "the exporter to Tempo sets it")
    check(not exporter["retry_on_failure"]["enabled"] and not exporter["sending_queue"]["enabled"],
          "the Collector keeps nothing: the database hears what Tempo answered")
    address = urllib.parse.urlparse(exporter["endpoint"])
    listens = read("deploy/tempo-3.yaml")["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    check(str(address.port) == listens.split(":")[1], "and sends where Tempo listens")


def log_shipping():
    content = collector("lgtm")
    database, shipper = (compose("lgtm")["services"][each] for each in ("postgresql", "otel-collector"))
    settings = dict(each.split("=", 1) for each in database["command"] if "=" in each)
    include, = content["receivers"]["filelog/postgresql"]["include"]
    check(settings["log_destination"] == "jsonlog" and include == settings["log_directory"] + "/*.json",
          "the Collector reads what PostgreSQL logs")
    shared = [each for each in database["volumes"] if each.endswith(":" + settings["log_directory"])]
    check(len(shared) == 1 and shared[0] + ":ro" in shipper["volumes"], "they share the log's volume")
    last = content["receivers"]["filelog/postgresql"]["operators"][-1]
    check(last["type"] == "retain" and "attributes.trace_id" not in last["fields"], "a line has one trace_id")
    check(content["exporters"]["otlphttp/loki"]["endpoint"].endswith("/otlp"), "it goes to Loki's OTLP address")
    loki = read("deploy/loki.yaml")
    check(loki["schema_config"]["configs"][-1]["schema"] == "v13" and loki["schema_config"]["configs"][-1]["store"] == "tsdb"
          and loki["limits_config"]["allow_structured_metadata"], "which stores structured metadata")
    paths = re.findall(r"(?:path_prefix|_directory): (.*)", text_of("deploy/loki.yaml"))
    none((each for each in paths if not (each + "/").startswith("/loki/")), "all that Loki stores is in its volume")


def prometheus():
    content = read("deploy/prometheus.yml")
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in content["scrape_configs"]}
    listens = collector("lgtm")["exporters"]["prometheus"]["endpoint"]
    check(targets["genops"] == ["otel-collector:" + listens.split(":")[1]], "Prometheus asks where the Collector answers")
    files = mounts(compose("lgtm")["services"]["prometheus"])
    check(all("/etc/prometheus/" + each in files for each in content["rule_files"]), "its rules are mounted")
    made = metric_names(collector("lgtm"))
    delivery = json.dumps(dashboards("lgtm")["grafana/dashboards/ai-delivery.json"])
    for name, text in (("the rules", text_of("deploy/prometheus-rules.yml")), ("the dashboard", delivery),
                       ("the data sources", text_of("grafana/provisioning/datasources/lgtm.yaml"))):
        used = set(re.findall(r"\bgenops_(?:recording|delivery)_\w+", text))
        check(used and not used - made, f"{name}: metrics are those that the Collector makes", used - made)
    none(made - set(re.findall(r"\bgenops_\w+", delivery)), "the dashboard shows every metric")
    if not shutil.which("promtool"):
        skip("promtool accepts prometheus.yml and the rules", "there is no promtool")
        return
    with tempfile.TemporaryDirectory() as folder:
        for target, name in files.items():
            shutil.copy(path_of(name), os.path.join(folder, os.path.basename(target)))
        answer = subprocess.run(["promtool", "check", "config", os.path.join(folder, "prometheus.yml")],
                                capture_output=True, text=True)
        check(answer.returncode == 0, "promtool accepts prometheus.yml and the rules", answer.stdout + answer.stderr)


def grafana(pattern):
    sources = {each["uid"]: each for each in data_sources(pattern)}
    check(len(sources) == len(data_sources(pattern)) == len({each["name"] for each in sources.values()}),
          f"{pattern}: data sources have different ids and names")
    check(sources["genops-ledger"]["type"] == "grafana-postgresql-datasource" and
          sources["genops-ledger"]["user"] == "genops_reader", f"{pattern}: the ledger is read by a role that can only read")
    text = json.dumps(list(sources.values()))
    none(set(re.findall(r'"datasourceUid": "([^"]*)"', text)) - sources.keys(), f"{pattern}: data sources lead to each other")
    service = compose(pattern)["services"]["grafana"]
    none(set(re.findall(r"(?<!\$)\$\{?([A-Za-z_]+)", text)) - service["environment"].keys(),
         f"{pattern}: Grafana has the variables that its data sources read")
    provider, = read("grafana/provisioning/dashboards/genops.yaml")["providers"]
    none((each for each in mounts(service) if each.endswith(".json")
          and os.path.dirname(each) != provider["options"]["path"]), f"{pattern}: dashboards are where they are looked for")
    check(service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in mounts(service), f"{pattern}: so is the first page")
    for name, dashboard in dashboards(pattern).items():
        used = set(re.findall(r'"datasource": \{"type": "([^"]*)", "uid": "([^"]*)"\}', json.dumps(dashboard)))
        none(used - {(each["type"], uid) for uid, each in sources.items()}, f"{pattern}: {name} has its data sources")


def overlap(one, other):
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"] and
            one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


def dashboard_layout(name, dashboard):
    ids = [each["id"] for each in dashboard["panels"]]
    check(len(ids) == len(set(ids)), f"{name}: panels have different ids")
    places = [(each["title"], each["gridPos"]) for each in dashboard["panels"]]
    none((title for title, place in places if place["x"] + place["w"] > 24), f"{name}: panels are inside")
    none(((one[0], other[0]) for number, one in enumerate(places) for other in places[:number]
          if overlap(one[1], other[1])), f"{name}: no panel lies on another")
    none((each["title"] for each in panels(dashboard) if not each["targets"]), f"{name}: every panel asks something")
    links = re.findall(r'"url": "(/explore[^"]*)"', json.dumps(dashboard))
    for link in links:
        pane, = json.loads(urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["panes"][0]).values()
        check(pane["datasource"] == "genops-tempo" and pane["queries"][0]["query"] == "${__value.raw}",
              f"{name}: a trace's id leads to the trace")


for each_major in TEMPO:
    tempo(each_major)
tempo_production()
the_collector("collector")
the_collector("lgtm")
tenants()
log_shipping()
prometheus()
for each_pattern in PATTERNS:
    grafana(each_pattern)
for each_name, each_dashboard in dashboards("lgtm").items():
    dashboard_layout(each_name, each_dashboard)
check(len({each["uid"] for each in dashboards("lgtm").values()}) == 2, "dashboards have different ids")
done()
