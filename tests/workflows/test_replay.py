"""Recorded histories still replay: a change that running cases could not follow fails here.

The histories are those of the lives in `test_lives`, `test_agreements`, `test_cohort_lifecycle` and `test_due_process`,
one file a run of a workflow. Recorded anew, when a change is meant to break with running cases (or a new kind of
life is added), with

    rm tests/workflows/histories/*
    RECORD=1 python -m pytest tests/workflows/test_{lives,agreements,cohort_lifecycle,due_process}.py

They are kept decrypted: they hold no person's data, and no name of a machine.
"""

import base64
import dataclasses
import gzip
import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.payloads import CONVERTER
from tests.workflows.conftest import RECORDED
from tests.workflows.town import HISTORIES
from workflows.cohort_ruler import CohortRuler
from workflows.communication import Communication
from workflows.foreign import Admission
from workflows.instalment_agreement import InstalmentAgreement
from workflows.taxpayer_ruler import TaxpayerRuler

FILES = sorted(HISTORIES.glob("*.json.gz"))


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, gzip.decompress(file.read_bytes()).decode())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
async def test_a_recorded_life_replays(file: Path) -> None:
    replayer = Replayer(
        workflows=[TaxpayerRuler, CohortRuler, InstalmentAgreement, Communication],
        interceptors=[Admission()],
        data_converter=dataclasses.replace(CONVERTER, payload_codec=None),
    )
    await replayer.replay_workflow(history(file))


def test_every_kind_of_life_is_recorded() -> None:
    assert {file.name.split("-")[0] for file in FILES} == {*RECORDED.values(), "continuation"}


@pytest.mark.parametrize("secret", ["11222333000181", "Padaria", "PRODESIN", "@"])
def test_histories_name_no_person_and_no_machine(secret: str) -> None:
    assert [file.name for file in FILES if secret in readable(file)] == []


def readable(file: Path) -> str:
    """A history with its payloads decoded."""
    written = gzip.decompress(file.read_bytes()).decode()
    payloads = re.findall(r'"data":"([^"]+)"', written)
    return "\n".join([written, *(base64.b64decode(payload).decode() for payload in payloads)])


def test_payloads_are_read_where_secrets_are_looked_for() -> None:
    assert "declarado e não pago" in readable(HISTORIES / "climb-0-0.json.gz")
