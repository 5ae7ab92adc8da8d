"""The manifests are what Kubernetes' own schemas say, and fit the image and what its processes ask for."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from typer.testing import CliRunner

from commands.web import register
from tests.deploy.compose import DEPLOY

VERSION = "1.31"
"""The oldest that it is checked against."""

LIST = yaml.safe_load((DEPLOY / "k8s" / "regua.yaml").read_text())
ITEMS: dict[str, dict[str, Any]] = {f"{item['kind']} {item['metadata']['name']}": item for item in LIST["items"]}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, item in ITEMS.items():
        if "template" in item.get("spec", {}):
            yield name, item["spec"]["template"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods():
        for container in pod["spec"]["containers"]:
            yield name, container


@pytest.mark.parametrize("name", ITEMS)
def test_it_is_what_kubernetes_schema_says(name: str) -> None:
    kubernetes_validate.validate(ITEMS[name], VERSION, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**ITEMS[name], "spek": {}}, VERSION, strict=True)


@pytest.mark.parametrize(("name", "container"), containers())
def test_it_runs_without_rights_that_nobody_needs(name: str, container: dict[str, Any]) -> None:
    [pod] = [pod["spec"] for owner, pod in pods() if owner == name]
    assert pod["securityContext"]["runAsUser"] == 10001, "the user of deploy/Dockerfile"
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["resources"]["limits"]["memory"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"home": "/var/lib/regua", "tmp": "/tmp"}  # noqa: S108 - a container's
    assert {volume["name"] for volume in pod["volumes"]} == mounts.keys()


def test_the_words_of_the_web_are_those_of_its_command() -> None:
    [web] = [container for name, container in containers() if name == "Deployment web"]
    app = typer.Typer()
    register(app)
    line = web["args"]
    assert line[:2] == ["starter.py", "web"]
    answer = CliRunner().invoke(app, [*line[1:], "--help"])
    assert answer.exit_code == 0
    assert {port["name"]: port["containerPort"] for port in web["ports"]} == {"http": 8000, "metrics": 9464}
    assert (web["livenessProbe"]["httpGet"]["path"], web["readinessProbe"]["httpGet"]["path"]) == ("/health", "/ready")


def test_each_selector_finds_its_pods() -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods()}
    for name in ("Deployment worker", "Deployment background", "Deployment web"):
        assert ITEMS[name]["spec"]["selector"]["matchLabels"] == labels[name]
    assert ITEMS["Service web"]["spec"]["selector"] == labels["Deployment web"]
    assert ITEMS["PodDisruptionBudget web"]["spec"]["selector"]["matchLabels"] == labels["Deployment web"]


def test_there_is_no_secret_in_it() -> None:
    assert "Secret" not in {item["kind"] for item in ITEMS.values()}
    assert ITEMS["ConfigMap regua"]["data"].keys() == {
        *("TEMPORAL_ADDRESS", "REGUA_PUBLIC_URL", "REGUA_METRICS", "REGUA_BACKGROUND")
    }
