"""The typeface of every PDF: Bitstream Vera, which comes with reportlab and has all of pt-BR; the letters used are
embedded."""

from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont

FONT, BOLD = "Vera", "VeraBd"

# here alone: registering a font again forgets its family, and bold words of whatever is written later turn plain
for _name in (FONT, BOLD):
    registerFont(TTFont(_name, f"{_name}.ttf"))
registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)
