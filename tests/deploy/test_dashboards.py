"""Dashboards and alerts ask for metrics that there are: ours by a live scrape, the others by one that was kept."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from embedded.ports import free_ports
from web.background.vitals import GAUGES

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
KEPT = (Path(__file__).parent / "data" / "scrape.txt").read_text().splitlines()[1:]
NAME = re.compile(r"\b(?:regua|temporal)_[a-z_]+")

UNTIL_IT_HAPPENS = {"temporal_activity_execution_failed", "temporal_workflow_task_execution_failed"}
"""Counters of the SDK's that are there once there was a failure, as its documents name them."""

BOARDS = sorted(GRAFANA.glob("*.json"))
RULES = yaml.safe_load((GRAFANA / "alerts.yaml").read_text())["groups"][0]["rules"]

SERVED = """
import os, urllib.request
from datetime import UTC, datetime
from decimal import Decimal
from web.background.vitals import Gauges
from web.webhooks.webhook import latency
from workflows.metrics import serve_metrics

serve_metrics(os.environ)
record = dict(
    overdue_cases=["a"], overdue_tasks=1, notices_claimed_long=1, unclear_replies=1, quarantined_payments=1,
    unmatched_payments=1, owed_signal_seconds=1.0, checkpoint_seconds=1.0, import_seconds=1.0, failing_imports=["x"],
    idle_work=["relay"],
    cost_today=Decimal("1.50"), sent_today=[dict(channel="sms", result="sent", notices=3)], cases=1, agreements=0,
)
engine = dict(missing_workflows=1, failing_workflows=1, stuck_activities=1, unserved_queues=["q"])
Gauges().set(dict(at=datetime.now(UTC), record=record, engine=engine, wrong=[]))
latency().record(12.0, {"webhook": "pix", "status": 200})
print(urllib.request.urlopen(f"http://{os.environ['REGUA_METRICS']}/metrics").read().decode())
"""


@pytest.fixture(scope="module")
def scrape() -> str:
    """A scrape of a process of ours; in one of its own, since a process has one runtime."""
    [port] = free_ports(1, besides=set())
    done = subprocess.run(
        [sys.executable, "-c", SERVED],
        env={**os.environ, "REGUA_METRICS": f"127.0.0.1:{port}"},
        cwd=GRAFANA.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def asked() -> dict[str, str]:
    boards = {
        f"{board.name}: {panel['title']} {target['refId']}": target["expr"]
        for board in BOARDS
        for panel in json.loads(board.read_text())["panels"]
        for target in panel["targets"]
    }
    return boards | {f"alert {rule['alert']}": rule["expr"] for rule in RULES}


def test_each_metric_that_is_asked_for_is_there(scrape: str) -> None:
    there = set(NAME.findall(scrape)) | {*KEPT} | UNTIL_IT_HAPPENS
    unknown = {what: set(NAME.findall(expr)) - there for what, expr in asked().items()}
    assert not {what: names for what, names in unknown.items() if names}
    assert all(NAME.findall(expr) for expr in asked().values())


def test_each_of_ours_is_shown(scrape: str) -> None:
    shown = {name for expr in asked().values() for name in NAME.findall(expr)}
    assert {f"regua_{name}" for name in GAUGES} | {"regua_notices_today"} <= shown & set(NAME.findall(scrape))


def test_a_value_is_told_as_it_was_measured(scrape: str) -> None:
    told = dict(re.findall(r"^(regua_\w+)\{[^}]*\} (\S+)$", scrape, re.MULTILINE))
    assert (told["regua_cost_today"], told["regua_notices_today"], told["regua_overdue_cases"]) == ("1.5", "3", "1")


def test_no_label_holds_an_id(scrape: str) -> None:
    labels = {name for line in scrape.splitlines() for name in re.findall(r"(\w+)=\"", line)}
    assert labels <= {"service_name", "channel", "result", "webhook", "status", "le"}


def test_there_are_few_alerts_and_each_says_what_to_do() -> None:
    assert 0 < len(RULES) <= 12
    for rule in RULES:
        runbook = rule["annotations"]["runbook"]
        assert f"| {runbook} |" in OPERATIONS or len(runbook.split()) > 8, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["for"]
