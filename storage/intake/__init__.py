"""Imports: a file is looked over, staged by COPY, and merged in one transaction or not at all."""

from storage.intake.benefits import BenefitsImported, import_benefits
from storage.intake.debts import DebtsImported, import_debts
from storage.intake.files import SourceFile, TextFile, look_over, look_over_text
from storage.intake.filings import FilingsImported, import_filings
from storage.intake.rejects import Rejects

__all__ = [
    "BenefitsImported",
    "DebtsImported",
    "FilingsImported",
    "Rejects",
    "SourceFile",
    "TextFile",
    "import_benefits",
    "import_debts",
    "import_filings",
    "look_over",
    "look_over_text",
]
