"""The worker's log names nobody, whatever an error quotes."""

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from structlog.contextvars import bound_contextvars
from temporalio.testing import ActivityEnvironment

from activities.log import Discreet, belonging, with_belonging

CPF = "529.982.247-25"


def logged(error: BaseException) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Discreet())
    record = logging.LogRecord("x", logging.WARNING, "", 0, "failed", None, (type(error), error, error.__traceback__))
    handler.emit(record)
    return stream.getvalue()


def test_a_row_that_the_database_quotes_is_not_in_it(engine: Engine) -> None:
    insert = text("INSERT INTO taxpayers (key, tax_id, name, is_company) VALUES (:cpf, :cpf, 'Maria', false)")
    with engine.begin() as connection:
        connection.execute(insert, {"cpf": CPF})
        with pytest.raises(IntegrityError) as failed:
            connection.execute(insert, {"cpf": CPF})
        connection.rollback()
    assert CPF in str(failed.value)
    said = logged(failed.value)
    assert CPF not in said
    assert "IntegrityError at" in said
    assert f"{psycopg.errors.UniqueViolation.__name__} at" in said
    assert "test_log.py:" in said


def test_causes_that_go_round_in_a_circle_end() -> None:
    first, second = ValueError("Maria"), KeyError("Maria")
    first.__cause__, second.__cause__ = second, first
    line = json.loads(logged(first))
    assert (line["logger"], line["event"], line["level"]) == ("x", "failed", "warning")
    assert line["exception"].splitlines() == ["ValueError at no place of ours", "KeyError at no place of ours"]


def test_a_line_of_an_activity_says_which_workflow_it_belongs_to() -> None:
    known = ActivityEnvironment().run(belonging)
    assert known.keys() == {"workflow", "activity", "attempt"}
    assert belonging() == {}


def test_each_line_says_what_it_belongs_to_whoever_writes_it() -> None:
    with bound_contextvars(request="a1"):
        assert json.loads(logged(ValueError("Maria")))["request"] == "a1"
        assert with_belonging(None, "info", {"event": "x"}) == {"request": "a1", "event": "x"}


def test_a_full_disk_stops_nobody_for_want_of_a_log() -> None:
    """The relay, which logs that the database is away, would end with the line that it can't write."""
    program = """
from activities.log import log_to_stderr
import logging, structlog
log_to_stderr()
structlog.get_logger().error("a line")
logging.warning("another")
print("goes on", flush=True)
"""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=full,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            text=True,
            check=False,
        )
    assert done.stdout == "goes on\n"
