"""Scalars of the files that people write, where pydantic would take more than is meant."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator


def _no_truth_or_fraction(written: Any) -> Any:
    if isinstance(written, bool | float):
        raise ValueError(f"must be a whole number in digits, not {written}")
    return written


Whole = Annotated[int, BeforeValidator(_no_truth_or_fraction)]
"""An int that neither `true` nor `1.0` is taken for."""
