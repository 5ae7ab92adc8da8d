"""A ruler is changed by its map: each edit is a line of its file, and another person publishes what was seen."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Mapping

from httpx import AsyncClient
from sqlalchemy import Engine, text

from models.roles import Role
from operations.catalogue import in_force
from storage.catalogue import SHIPPED
from tests.storage.case.test_ruler_change_on_record import settled
from tests.web.console.console_world import browser, signed_in_as

HERE = "/console/rulers/alagoas-icms"
FILE = "rulers/alagoas-icms.yaml"
CELL = {
    "row": "h1", "rung": "0", "rigidity": "1", "days": "5", "unit": "business", "channels": ["email"],
    "template": "alagoas-icms/h1-reminder",
}  # fmt: skip


def revision(page: str) -> str:
    [first, *_] = re.findall(r'name="revision" value="(\d+)"', page)
    return str(first)


async def edit(http: AsyncClient, form: Mapping[str, object], path: str = "cells") -> int:
    shown = (await http.get(HERE + "?row=h1&rung=0")).text
    return (await http.post(f"{HERE}/{path}", data={"revision": revision(shown), **form})).status_code


async def drafted(http: AsyncClient) -> list[str]:
    """The lines by which the draft differs from what is shipped."""
    now = (await http.get(f"{HERE}/file")).text
    lines = difflib.ndiff(SHIPPED[FILE].splitlines(), now.splitlines())
    return [line for line in lines if line[0] in "+-" and "version" not in line]


async def test_a_cell_is_changed_by_its_form_and_published_by_another(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        assert (await http.post(f"{HERE}/draft")).status_code == 303
        assert await drafted(http) == []
        assert await edit(http, CELL | {"rigidity": "2", "channels": ["email", "sms"], "formal": ""}) == 303
        assert await drafted(http) == [
            "-         rigidity: 1",
            "+         rigidity: 2",
            "-         channels: [email]",
            "+         channels: [email, sms]",
        ]
        page = (await http.get(HERE)).text
        assert "Quatro olhos" in page
        seen = "0" * 64
        refused = await http.post(f"{HERE}/publish", data={"seen": seen, "reason": "porque sim"})
        assert (refused.status_code, "quatro olhos" in refused.text) == (409, True)
    async with browser(engine, signed_in_as(engine, "caio", Role.SUPERVISOR)) as http:
        stale = await http.post(f"{HERE}/publish", data={"seen": seen, "reason": "testado"})
        assert stale.status_code == 409
        page = (await http.get(HERE)).text
        [seen] = re.findall(r'name="seen" value="(\w+)"', page)
        assert (await http.post(f"{HERE}/publish", data={"seen": seen})).status_code == 422
        assert (await http.post(f"{HERE}/publish", data={"seen": seen, "reason": "testado"})).status_code == 303
        page = (await http.get(HERE)).text
        assert re.search(r"caio</td>.*testado", page)
    assert "rigidity: 2" in in_force(engine)[FILE]
    assert "version: 2" in in_force(engine)[FILE]
    with engine.connect() as connection:
        asked = "SELECT command, actor, outcome FROM audit_log WHERE command LIKE 'ruler%' ORDER BY id"
        did = [tuple(row) for row in connection.execute(text(asked))]
    assert did == [
        ("ruler draft", "bia", "done"),
        ("ruler edit", "bia", "done"),
        ("ruler publish", "bia", "refused"),
        ("ruler publish", "caio", "refused"),
        ("ruler publish", "caio", "done"),
    ]


async def test_two_who_edit_at_once_overwrite_nothing(engine: Engine) -> None:
    async with (
        browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as ana,
        browser(engine, signed_in_as(engine, "davi", Role.ANALYST)) as davi,
    ):
        await ana.post(f"{HERE}/draft")
        seen = {"revision": "0"}
        assert (await ana.post(f"{HERE}/cells", data=seen | CELL | {"rigidity": "2"})).status_code == 303
        late = await davi.post(f"{HERE}/cells", data=seen | CELL | {"days": "9"})
        assert (late.status_code, "mudado por ana" in late.text) == (409, True)
        assert await drafted(davi) == ["-         rigidity: 1", "+         rigidity: 2"]


async def test_what_does_not_fit_is_told_at_its_field_and_a_rule_broken_at_cell_and_line(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"{HERE}/draft")
        for wrong, field in (
            ({"hours": "manhã"}, "hours"),
            ({"fallback": "pombo: sms"}, "fallback"),
            ({"rigidity": "11"}, "rigidity"),
        ):
            answer = await http.post(f"{HERE}/cells", data={"revision": "0"} | CELL | wrong)
            assert answer.status_code == 422
            assert f'id="{field}-error"' in answer.text, wrong
        assert await drafted(http) == []
        # milder than the rung before it
        assert await edit(http, CELL | {"rigidity": "9"}) == 303
        page = html.unescape((await http.get(HERE)).text)
        assert "com falha" in page
        assert re.search(r"Linha \d+ <code>rows\.h1\.rungs\.1\.rigidity</code>", page)


async def test_words_rows_settings_and_the_whole_file_are_edited(engine: Engine) -> None:
    words = "templates/email/alagoas-icms/h1-reminder.txt.j2"
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"{HERE}/draft")
        row = {"row": "h1", "name": "Quem se esquece: uma vez", "climbs_to": "h7"}
        assert await edit(http, row, "rows") == 303
        assert await edit(http, {"place": "entry.return", "value": "h3"}, "settings") == 303
        assert await edit(http, {"place": "entry.return", "value": "h33"}, "settings") == 422
        assert await edit(http, {"place": "ruler", "value": "outra"}, "settings") == 422
        assert await drafted(http) == [
            "-   return: [h3, h4]",
            "+   return: [h3]",
            "-     name: Esquecimento involuntário – falha processual",
            '+     name: "Quem se esquece: uma vez"',
            "-     climbs_to: h2",
            "+     climbs_to: h7",
        ]
        written = {"file": words, "text": "Olá\r\nAssunto {{ taxpayer.name }}"}
        assert await edit(http, written, "texts") == 303
        assert f"+++ {words}" in html.unescape((await http.get(HERE)).text)
        assert await edit(http, {"file": "templates/email/base.txt.j2", "text": "x"}, "texts") == 409
        assert await edit(http, {"file": FILE, "text": "rows: [não: é"}, "texts") == 409
        renamed = SHIPPED[FILE].replace("ruler: alagoas-icms", "ruler: outra")
        assert await edit(http, {"file": FILE, "text": renamed}, "texts") == 409
        assert await edit(http, {"file": FILE, "text": SHIPPED[FILE].replace("\n", "\r\n")}, "texts") == 303
        assert await drafted(http) == []
        assert (await http.post(f"{HERE}/drop")).status_code == 303
        assert (await http.post(f"{HERE}/cells", data={"revision": "0"} | CELL)).status_code == 409


async def test_a_faulty_draft_is_published_by_nobody(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"{HERE}/draft")
        assert await edit(http, CELL | {"rigidity": "9"}) == 303
        assert (await http.post(f"{HERE}/publish", data={"seen": "x", "reason": "y"})).status_code == 403
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        [seen] = re.findall(r'name="seen" value="(\w+)"', (await http.get(HERE)).text)
        refused = await http.post(f"{HERE}/publish", data={"seen": seen, "reason": "pronto"})
        assert (refused.status_code, "nothing was published" in refused.text) == (409, True)
    assert in_force(engine)[FILE] == SHIPPED[FILE]


async def test_a_fresh_sign_in_is_wanted_to_publish(engine: Engine, owner: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"{HERE}/draft")
        await edit(http, CELL | {"rigidity": "2"})
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        with owner.begin() as connection:
            connection.execute(text("UPDATE sessions SET signed_in_at = signed_in_at - interval '1 hour'"))
        page = (await http.get(HERE)).text
        assert "Entrar de novo" in page
        answer = await http.post(f"{HERE}/publish", data={"seen": "x", "reason": "y"})
        assert answer.headers["location"].startswith("/console/sign-in")


async def test_who_only_reads_changes_nothing(engine: Engine) -> None:
    for role, reads in ((Role.AUDITOR, 200), (Role.AGENT, 403)):
        async with browser(engine, signed_in_as(engine, f"x-{role}", role)) as http:
            assert (await http.get("/console/rulers")).status_code == reads
            assert (await http.get(HERE + "?row=h8&rung=2")).status_code == reads
            assert (await http.post(f"{HERE}/draft")).status_code == 403
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for nowhere in ("/console/rulers/nenhuma", f"{HERE}?row=h9&rung=0", f"{HERE}?row=h1&rung=99"):
            assert (await http.get(nowhere)).status_code == 404


async def test_who_would_move_is_told_before_it_is_published(engine: Engine) -> None:
    """Eight cases, one a row, five days on: the one of the first row would go from its reminder to its warning."""
    street = settled(engine, 8)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"{HERE}/draft")
        page = (await http.get(f"{HERE}/moves")).text
        assert street.cohort.name in page
        assert "Este grupo não pode passar a ela" in page  # the street's tax is one of its own
        of_any = (await http.get(f"{HERE}/file")).text.replace("taxes: [ICMS]\n", "")
        assert await edit(http, {"file": FILE, "text": of_any}, "texts") == 303
        page = (await http.get(f"{HERE}/moves")).text
        [none] = re.findall(r"De (\d+) casos abertos, nenhum mudaria", page)
        shorter = re.sub(r"      - stage: alert\n(?:        .*\n)+?        template: \S+/h1-alert\n", "", of_any)
        assert await edit(http, {"file": FILE, "text": shorter}, "texts") == 303
        page = (await http.get(f"{HERE}/moves")).text
        assert "outro passo" in page
        [unchanged] = re.findall(r"Nos outros (\d+) nada mudaria", page)
        assert int(unchanged) < int(none)
        assert (await http.get("/console/rulers/refis-2023/moves")).text.count("Nenhum grupo em curso") == 1
