"""A cohort under way in a checkout whose files are then edited, and at last deleted; says what each letter says.

Run by `test_frozen.py` in a folder of links to this checkout, with copies of what people may edit.
"""

import json
import os
import sys
from pathlib import Path

from sqlalchemy import text

from storage.engine import connect
from tests.builders import REGISTERED, inscribed
from tests.record_world import Street

HERE = Path.cwd()
LETTERS, TABLE = HERE / "templates/email" / REGISTERED, HERE / "accruals/pindamonhangaba.yaml"
EDITED = "TEXTO NOVO"


def main() -> None:
    ruler = HERE / "rulers" / f"{REGISTERED}.yaml"
    ruler.write_text(f"{ruler.read_text()}\naccrual: pindamonhangaba\n")
    street = Street(connect(os.environ["DATABASE_URL"]), REGISTERED, [inscribed()], True, False, False)
    [life] = street.lives
    street.goes_on()
    for letter in LETTERS.glob("*.j2"):
        letter.write_text(f"{EDITED}\n{letter.read_text()}")
    TABLE.write_text(TABLE.read_text().replace('per_month: "1"', 'per_month: "500"'))
    street.goes_on()
    for file in (*LETTERS.glob("*.j2"), TABLE):
        file.unlink()
    street.goes_on()
    with street.engine.connect() as connection:
        mine = text('SELECT body FROM notices WHERE "case" = :case ORDER BY step')
        json.dump([*connection.scalars(mine, {"case": life.case})], sys.stdout)


if __name__ == "__main__":
    main()
