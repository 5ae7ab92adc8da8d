"""A slip as a page of A4: what its payer keeps above, what the bank reads below; the same bytes from the same slip."""

from __future__ import annotations

from io import BytesIO

from reportlab.graphics.barcode.common import I2of5
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from models.formats import day, money
from models.payment.our_numbers import SLIP_BANKS
from models.payment.slip import Slip
from models.taxid import mask
from models.typeface import BOLD, FONT

MARGIN, WIDTH = 15 * mm, A4[0] - 30 * mm
BAR_LENGTH, BAR_HEIGHT = 103 * mm, 13 * mm
"""FEBRABAN's sizes of the bars."""
ROW = 9 * mm
COLLECTION = "ARRECADAÇÃO"


def slip_pdf(slip: Slip) -> bytes:
    """The slip as a PDF."""
    page = BytesIO()
    canvas = Canvas(page, pagesize=A4, invariant=1, lang="pt-BR")
    canvas.setTitle(f"Guia {slip.document}")
    _part(canvas, slip, A4[1] - 25 * mm, "Recibo do pagador")
    canvas.setDash(2, 2)
    canvas.line(MARGIN, A4[1] / 2, MARGIN + WIDTH, A4[1] / 2)
    canvas.setDash()
    bottom = _part(canvas, slip, A4[1] / 2 - 18 * mm, "Ficha de compensação" if slip.at_bank else "Via do banco")
    _bars(canvas, slip.barcode, bottom - BAR_HEIGHT - 4 * mm)
    canvas.save()
    return page.getvalue()


def _part(canvas: Canvas, slip: Slip, top: float, name: str) -> float:
    """Draw one half of the page from `top` down, and return where it ends."""
    head = f"{slip.at_bank.bank}-{SLIP_BANKS[slip.at_bank.bank].check_digit}" if slip.at_bank else COLLECTION
    typed = slip.code.typed if slip.at_bank else _spaced(slip.code.typed)
    canvas.setFont(BOLD, 12)
    canvas.drawString(MARGIN, top, head)
    canvas.setFont(BOLD, 9.5)
    canvas.drawRightString(MARGIN + WIDTH, top, typed)
    canvas.setFont(FONT, 6.5)
    canvas.drawString(MARGIN, top + 6 * mm, name)
    rows = _rows(slip)
    y = top - 3 * mm
    for row in rows:
        _row(canvas, row, y)
        y -= ROW
    canvas.line(MARGIN, y, MARGIN + WIDTH, y)
    return float(y)


def _rows(slip: Slip) -> list[list[tuple[float, str, str]]]:
    """The fields of each row, by their share of the width: what they are, and what is in them."""
    beneficiary = slip.beneficiary + (f" · CNPJ {slip.beneficiary_tax_id}" if slip.beneficiary_tax_id else "")
    of_bank: list[list[tuple[float, str, str]]] = []
    if at := slip.at_bank:
        account, number = ("Agência / código do beneficiário", at.account), ("Nosso número", at.number)
        of_bank = [[(0.4, *account), (0.4, *number), (0.2, "Carteira", at.wallet)]]
    return [
        [(0.75, "Local de pagamento", _where(slip)), (0.25, "Vencimento", day(slip.due))],
        [(0.75, "Beneficiário", beneficiary), (0.25, "Valor do documento", money(slip.amount))],
        *of_bank,
        [
            (0.25, "Data do documento", day(slip.issued_on)),
            (0.25, "Número do documento", slip.document),
            (0.5, "Referente a", slip.subject),
        ],
        [(1.0, "Instruções", "Não receber após o vencimento: emita nova guia, com o valor do dia.")],
        [(1.0, "Pagador", f"{slip.payer} · CPF/CNPJ {mask(slip.payer_tax_id)}")],
    ]


def _where(slip: Slip) -> str:
    if slip.at_bank:
        return "Pagável em qualquer banco até o vencimento"
    return "Pagável nos bancos e correspondentes conveniados até o vencimento"


def _row(canvas: Canvas, fields: list[tuple[float, str, str]], top: float) -> None:
    x = MARGIN
    canvas.line(MARGIN, top, MARGIN + WIDTH, top)
    for share, label, text in fields:
        width = share * WIDTH
        canvas.setFont(FONT, 6)
        canvas.drawString(x + 1 * mm, top - 3 * mm, label)
        canvas.setFont(FONT, 8.5)
        lines = simpleSplit(text, FONT, 8.5, width - 2 * mm)
        canvas.drawString(x + 1 * mm, top - 7 * mm, lines[0] if lines else "")
        x += width


def _spaced(typed: str) -> str:
    """The line of a collection slip in its four blocks."""
    return " ".join(f"{typed[at : at + 11]}-{typed[at + 11]}" for at in range(0, 48, 12))


def _bars(canvas: Canvas, digits: str, bottom: float) -> None:
    """Interleaved 2 of 5, as FEBRABAN prints it."""
    bars = I2of5(digits, barWidth=1, ratio=3, checksum=0, bearers=0, quiet=0, barHeight=BAR_HEIGHT)
    scaled = I2of5(
        digits, barWidth=BAR_LENGTH / bars.width, ratio=3, checksum=0, bearers=0, quiet=0, barHeight=BAR_HEIGHT
    )
    scaled.drawOn(canvas, MARGIN + 5 * mm, bottom)
