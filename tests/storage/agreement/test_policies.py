"""The policies that rulers name."""

import pytest

from models.ruler.check import read_ruler
from models.yaml_file import Fault
from storage.agreement.policy_files import policy_faults
from storage.catalogue import RULERS, SHIPPED
from tests.builders import REGISTERED


def faults(source: str) -> list[Fault]:
    ruler = read_ruler(source).ruler
    assert ruler is not None
    return policy_faults(ruler, SHIPPED)


@pytest.mark.parametrize("name", RULERS.names())
def test_a_shipped_ruler_names_a_shipped_policy_or_none(name: str) -> None:
    assert faults(RULERS.read(name)[1]) == []


def test_a_policy_that_is_not_shipped_is_a_fault() -> None:
    [fault] = faults(RULERS.read(REGISTERED)[1].replace("policy: sao-paulo", "policy: atlantis"))
    assert fault.where == ("agreements", "policy")
    assert (
        fault.what
        == "names atlantis, which is not in agreements/; known are belo-horizonte, belo-horizonte-2017, sao-paulo"
    )
