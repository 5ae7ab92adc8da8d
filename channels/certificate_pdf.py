"""A tax clearance certificate as a page of A4; the same bytes from the same certificate."""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate

from channels.tagged_pdf import TaggedCanvas, TaggedText
from models.formats import day
from models.law.certificate import Certificate, Issued
from models.taxid import formatted
from models.typeface import BOLD, FONT
from models.words import CERTIFICATES

MARGIN = 25 * mm
AUTHORITY = ParagraphStyle("authority", role="P", fontName=BOLD, fontSize=11, leading=16, spaceAfter=24)
TITLE = ParagraphStyle("title", role="H1", fontName=BOLD, fontSize=15, leading=21, spaceAfter=16)
BODY = ParagraphStyle("body", role="P", fontName=FONT, fontSize=10.5, leading=16, spaceAfter=10)

SAYS = {
    Certificate.NEGATIVE: "não constam débitos em nome de",
    Certificate.WITH_EFFECT: "só constam débitos não vencidos, suspensos ou garantidos, que não impedem a"
    " regularidade fiscal (CTN art. 151 e 206), em nome de",
}


def certificate_pdf(issued: Issued) -> bytes:
    """The certificate as a PDF."""
    out = BytesIO()
    title = CERTIFICATES[issued.kind]
    paper = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        title=f"{title} {issued.number}",
        author=issued.authority,
        creator="Régua",
        lang="pt-BR",
        invariant=1,
        displayDocTitle=1,
    )
    whose = f"{issued.name}, CPF/CNPJ {formatted(issued.tax_id)}"
    words = [
        f"Certifica-se que, até {day(issued.issued_on)}, {SAYS[issued.kind]} {whose}.",
        "Fica ressalvado à autoridade o direito de cobrar o que vier a ser apurado.",
        f"Número {issued.number}. Emitida em {day(issued.issued_on)}, válida até {day(issued.valid_until)}.",
        f"Código de conferência: {_grouped(issued.code)}.",
        f"Fundamento: {issued.law}.",
    ]
    texts = [(issued.authority, AUTHORITY), (title, TITLE), *((each, BODY) for each in words)]
    paper.build([TaggedText(escape(said), style) for said, style in texts], canvasmaker=TaggedCanvas)
    return out.getvalue()


def _grouped(code: str) -> str:
    """The code by fours, as people type it."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))
