"""A storm of callbacks and bank files in random order, one item in twenty damaged: nothing of it is missing afterwards.

What is sent is kept in a plain account, which knows nothing of the ledger. Afterwards each payment that could be read
is on record once, with its amount; each damaged item is in the quarantine; each body that is none was refused; each
title of a file is a payment, a reject, or one that brings nothing; and the ledger reconciles to zero.

A hundred and fifty in `make test`; `make fuzz` sends 100,000 callbacks, from another seed each time.
"""

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine

from models.payment.barcode import our_number
from storage.intake.files import look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import import_bank_file
from storage.payments.quarantine import list_quarantined
from storage.payments.statement import reconcile
from storage.payments.unmatched_reversals import list_unmatched_reversals
from tests.bank_lines import Fields, Paid, barcode, cnab240, cnab400, febraban
from tests.chance import fuzzing
from tests.payloads import CIPHER
from tests.storage.payments.test_bank_files import NOW
from tests.web.pix_world import World
from web.webhooks.pix import pix_routes

SECRET = "not-a-secret-that-anybody-has"
CALLBACKS, TITLES = (100_000, 2_000) if fuzzing() else (150, 12)
"""How many callbacks are sent, and how many titles a file has."""
DEBTS, CALLERS = (1_000, 64) if fuzzing() else (30, 8)
DAMAGED = 0.05
pytestmark = pytest.mark.hypothesis
"""Chosen by `make fuzz` too."""
PAID_ON, PAID_AT = date(2026, 3, 2), "2026-03-02T15:30:00Z"

Item = dict[str, Any]
Title = tuple[str, Decimal]
"""A code, and an amount that no other payment has."""

DAMAGES: list[Any] = [
    lambda item: {**item, "endToEndId": item["endToEndId"][:-1]},
    lambda item: {name: value for name, value in item.items() if name != "endToEndId"},
    lambda item: {**item, "valor": "1,00"},
    lambda item: {**item, "valor": None},
    lambda item: {**item, "valor": "0.001"},
    lambda item: {**item, "horario": "2026-03-02 15:30"},
    lambda item: {**item, "txid": "ç" * 26},
    lambda item: {**item, "tipo": "OUTRO"},
    lambda item: {**item, "status": "TALVEZ"},
    lambda item: {**item, "devolucoes": [{"id": "R", "valor": "1.00"}]},
    lambda item: [item["endToEndId"]],
    lambda item: item["endToEndId"],
]
"""Each makes an item that nobody can read for sure, and that is unlike any other."""


@dataclass
class Account:
    """A naive ledger of what was sent."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    """By endToEndId."""
    given_back: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """By endToEndId and the refund's own id."""
    back_of: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """All that was given back, by endToEndId."""
    unreadable: set[str] = field(default_factory=set)
    titles: set[Title] = field(default_factory=set)
    """The undamaged titles of files that report a payment."""
    taken_back: set[Title] = field(default_factory=set)


@dataclass
class File:
    lines: list[str]
    titles: dict[int, Title]
    """By the places of their lines."""
    takes_back: bool = False


class Storm:
    """The things that are sent, drawn from a seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.chance = random.Random(seed)
        self.account = Account()
        self.debts = [world.owing_case("1000000.00")[0] for _ in range(DEBTS)]
        numbers = dict(world.rows("SELECT id, slip_number FROM debts"))
        self.slips = [int(numbers[debt.debt]) for debt in self.debts] + [9_999_999]
        """And one that is nobody's."""
        self.cents = 0

    def amount(self) -> Decimal:
        self.cents += 1
        return Decimal(self.cents).scaleb(-2)

    def damaged(self) -> bool:
        return self.chance.random() < DAMAGED

    def bodies(self) -> list[tuple[bytes, int]]:
        """Callbacks in random order, and how each has to be answered."""
        said: list[Item] = []
        bodies = [self._body(said) for _ in range(CALLBACKS)]
        self.chance.shuffle(bodies)
        return bodies

    def _body(self, said: list[Item]) -> tuple[bytes, int]:
        items = [self._item(said) for _ in range(self.chance.randint(1, 5))]
        body = json.dumps({"pix": [sent for sent, _ in items]}).encode()
        if self.chance.random() < DAMAGED / 5:
            return self.chance.choice([body[:-2], b'{"pagamentos": []}', b"", b"[" + body + b"]"]), 400
        for sent, readable in items:
            self._keep(sent, readable, said)
        return body, 200

    def _item(self, said: list[Item]) -> tuple[Any, bool]:
        """An item, and whether it can be read."""
        if said and self.chance.random() < 0.3:
            item = self._again(self.chance.choice(said))
        else:
            debt = self.chance.choice([*self.debts, None])
            id = f"E{self.chance.getrandbits(120):031x}"
            item = {"endToEndId": id, "valor": str(self.amount()), "horario": PAID_AT}
            item |= {"txid": debt.txid} if debt else {}
        return (self.chance.choice(DAMAGES)(item), False) if self.damaged() else (item, True)

    def _again(self, item: Item) -> Item:
        """A repeat, or news of a refund of half of what is left."""
        left = Decimal(item["valor"]) - self.account.back_of[item["endToEndId"]]
        part = (left / 2).quantize(Decimal("0.01"), "ROUND_DOWN")
        if not part or self.chance.random() < 0.5:
            return item
        back = {"id": f"D{self.chance.getrandbits(60)}", "valor": str(part), "status": "DEVOLVIDO"}
        return {**item, "devolucoes": [back]}

    def _keep(self, sent: Any, readable: bool, said: list[Item]) -> None:
        if not readable:
            self.account.unreadable.add(json.dumps(sent))
            return
        self.account.paid[sent["endToEndId"]] = Decimal(sent["valor"])
        for back in sent.get("devolucoes", ()):
            key, amount = (sent["endToEndId"], back["id"]), Decimal(back["valor"])
            self.account.back_of[sent["endToEndId"]] += amount - self.account.given_back.get(key, Decimal(0))
            self.account.given_back[key] = amount
        said.append(sent)

    def files(self) -> list[File]:
        """Ten files in random order; each undamaged title of theirs is on the account."""
        paid = [self._titles() for _ in range(3)]
        back = [self.chance.sample(titles, len(titles) // 5) for titles in paid]
        files = [self._febraban(number) for number in range(1, 4)]
        files += [self._cnab240(titles, number) for number, titles in enumerate(paid, start=1)]
        files += [self._cnab240(titles, number, takes_back=True) for number, titles in enumerate(back, start=11)]
        files.append(self._cnab400())
        for file in files:
            self._damage(file)
        self.account.taken_back &= self.account.titles
        self.chance.shuffle(files)
        return files

    def _titles(self) -> list[Title]:
        return [(our_number(self.chance.choice(self.slips)), self.amount()) for _ in range(TITLES)]

    def _febraban(self, number: int) -> File:
        amounts = [self.amount() for _ in range(TITLES)]
        titles = [(barcode(self.chance.choice(self.slips), str(amount)), amount) for amount in amounts]
        lines = febraban([Paid(code, str(amount), PAID_ON) for code, amount in titles], number)
        return File(lines, dict(enumerate(titles, start=1)))

    def _cnab240(self, titles: list[Title], number: int, takes_back: bool = False) -> File:
        movement = "47" if takes_back else "06"
        lines = cnab240([(code, movement, str(amount)) for code, amount in titles], number)
        places = {2 + 2 * at + of_two: title for at, title in enumerate(titles) for of_two in (0, 1)}
        return File(["104" + line[3:] for line in lines], places, takes_back)

    def _cnab400(self) -> File:
        titles = self._titles()
        fields: list[Fields] = [
            {(38, 62): f"{code:<25}", (109, 110): "06", (111, 116): "020326", (254, 266): f"{int(amount * 100):013}"}
            for code, amount in titles
        ]
        return File(cnab400("237", {(109, 113): "00042"}, fields), dict(enumerate(titles, start=1)))

    def _damage(self, file: File) -> None:
        """One line in twenty gets another letter somewhere; its title is no longer counted upon."""
        whole = set(file.titles.values())
        for place, title in file.titles.items():
            if self.damaged():
                line, at = file.lines[place], self.chance.randrange(100)
                file.lines[place] = line[:at] + self.chance.choice("0123456789AZ$ ") + line[at + 1 :]
                whole.discard(title)
        kept = self.account.taken_back if file.takes_back else self.account.titles
        kept |= whole


@pytest.fixture
def http(engine: Engine) -> AsyncClient:
    app = FastAPI()
    app.include_router(pix_routes(engine, SECRET, CIPHER))
    return AsyncClient(transport=ASGITransport(app), base_url="http://regua")


async def test_nothing_that_is_sent_is_missing(
    engine: Engine, http: AsyncClient, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    world = World(engine)
    storm = Storm(world, seed_of(request))
    bodies, files = storm.bodies(), storm.files()
    async with http, anyio.create_task_group() as group:
        for caller in range(CALLERS):
            group.start_soon(call, http, bodies[caller::CALLERS])
        group.start_soon(run_sync, partial(hand_in, engine, files, tmp_path))
    account = storm.account
    assert callbacks_on_record(world) == account.paid
    assert refunds_on_record(world) == account.given_back
    with engine.connect() as connection:
        assert len(list_quarantined(connection)) == len(account.unreadable)
        waiting: defaultdict[str, Decimal] = defaultdict(Decimal)
        for each in list_unmatched_reversals(connection):
            waiting[each["slip"]] += each["amount"]
        proof = reconcile(connection, None)
    assert not account.titles - titles_on_record(world).keys()
    assert set(titles_on_record(world).values()) == {1}
    back = taken_back_on_record(world)
    for slip in {slip for slip, _ in account.taken_back}:
        sent = sum((amount for of, amount in account.taken_back if of == slip), Decimal(0))
        assert back.get(slip, Decimal(0)) + waiting[slip] >= sent
    assert (proof.difference, proof.faulty_debts) == (Decimal(0), [])


def seed_of(request: pytest.FixtureRequest) -> int:
    """The seed of `make fuzz`, else always the same."""
    return int(request.config.getoption("--hypothesis-seed") or 1) if fuzzing() else 1


async def call(http: AsyncClient, bodies: list[tuple[bytes, int]]) -> None:
    for body, expected in bodies:
        answer = await http.post(f"/webhooks/pix/{SECRET}", content=body)
        assert answer.status_code == expected, body


def hand_in(engine: Engine, files: list[File], folder: Path) -> None:
    """Import each file, and again; each title is a payment, a reversal, a reject, or one that brings nothing."""
    for place, file in enumerate(files):
        path = folder / f"{place}.ret"
        path.write_bytes("".join(f"{line}\r\n" for line in file.lines).encode("latin-1"))
        for again in (False, True):
            with Rejects(folder / f"{place}{again}.csv") as rejects:
                imported = import_bank_file(
                    engine, look_over_text(path), rejects, NOW, accept_totals=True, accept_repeat=again
                )
            nothing = sum(int(said.split()[0]) for said in imported.warnings if NO_MONEY.match(said))
            told = imported.accepted + imported.reversals + imported.reversals_waiting + rejects.count + nothing
            assert told >= len(set(file.titles.values()))
            assert imported.records == told - nothing


NO_MONEY = re.compile(
    r"[0-9]+ (titles of movement .. bring no money|lines report that nothing was paid|lines say more)"
)


def callbacks_on_record(world: World) -> dict[str, Decimal]:
    return dict(world.rows("SELECT end_to_end_id, amount FROM payments WHERE end_to_end_id IS NOT NULL"))


def refunds_on_record(world: World) -> dict[tuple[str, str], Decimal]:
    rows = world.rows("""
        SELECT end_to_end_id, reversals.reference, reversals.amount FROM reversals
        JOIN payments ON payments.id = payment WHERE end_to_end_id IS NOT NULL
    """)
    return {(paid, id): amount for paid, id, amount in rows}


def titles_on_record(world: World) -> dict[Title, int]:
    rows = world.rows("SELECT slip, amount, count(*) FROM payments WHERE slip IS NOT NULL GROUP BY slip, amount")
    return {(slip, amount): times for slip, amount, times in rows}


def taken_back_on_record(world: World) -> dict[str, Decimal]:
    """By title, however it was shared among its payments."""
    asked = "SELECT slip, sum(reversals.amount) FROM reversals JOIN payments ON payments.id = payment GROUP BY slip"
    rows = world.rows(asked)
    return {slip: amount for slip, amount in rows if slip}
