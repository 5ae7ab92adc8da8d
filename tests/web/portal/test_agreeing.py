"""Paying in instalments behind the link: what its reader may choose, what he signs, and what refuses him."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine, insert, update

from channels.links import Links
from models.agreement.identity import Identification
from models.errors import Refusal
from models.formats import money
from operations.agreements import SIGNER, sign_by_link
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.schema import debts, holds, rulers
from tests.agreement_world import BH, SP, Contract, contract
from tests.web.portal.test_pages import opened
from web.portal.agreeing import agreeing_routes, chosen
from web.portal.pages import page_routes
from web.security.guard import Guard

LINKS = Links(["k" * 32], "http://regua")
LINK = Identification.LINK
TODAY = datetime.now(ZoneInfo("America/Sao_Paulo")).date()


def asking(engine: Engine, links: Links = LINKS) -> AsyncClient:
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(page_routes(engine, links, lambda *_: None))
    app.include_router(agreeing_routes(engine, links))
    return AsyncClient(transport=ASGITransport(app), base_url="http://regua")


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    async with asking(engine) as client:
        yield client


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "400.00", "800.00")


async def accepted(http: AsyncClient, page: str, **choice: str) -> Response:
    """A plan is chosen, its deed read and accepted."""
    check = (await http.get(f"{page}/conferir", params=choice)).text
    digest = re.search(r'name="deed" value="(\w+)"', check)
    return await http.post(page, data={**choice, "accepted": "sim", "deed": digest[1] if digest else "none"})


async def test_the_page_of_what_is_owed_leads_to_the_plans(made: Contract, http: AsyncClient) -> None:
    page = opened(await http.get(LINKS.pay(made.case)))
    [agree] = [link for link in page.links if "/a/" in link]
    answer = await http.get(agree)
    plans = opened(answer)
    assert answer.status_code == 200
    # 1,200 reais in instalments of 150 at least
    assert re.findall(r'value="(\d+)"', answer.text) == ["3", "6", "8"]
    assert f"a primeira de {money(Decimal('150.00'))}, as demais de {money(Decimal('151.50'))} a" in plans.text
    assert "com os juros e a correção estimados" in plans.text
    assert "form" in plans.tags


async def test_a_ruler_without_a_policy_offers_none(made: Contract, http: AsyncClient) -> None:
    with made.engine.begin() as connection:
        [[source]] = made.rows("SELECT source FROM rulers")
        connection.execute(
            insert(rulers).values(digest="x", label="x", holidays=[], assets={}, source=without_policy(source))
        )
        connection.exec_driver_sql("UPDATE cases SET ruler = 'x'")
    assert not any("/a/" in link for link in opened(await http.get(LINKS.pay(made.case))).links)
    assert (await http.get(LINKS.agree(made.case))).status_code == 404


def without_policy(source: str) -> str:
    return source.replace("  policy: sao-paulo\n", "")


@pytest.mark.parametrize(
    "url",
    ["/a/nonsense", LINKS.agree("ffffffffffffffff"), LINKS.pay("0123456789abcdef").replace("/p/", "/a/")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_wrong_link_is_a_friendly_page(http: AsyncClient, method: str, url: str) -> None:
    answer = await http.request(method, url)
    assert answer.status_code == 404
    assert "Endereço não encontrado" in opened(answer).text


async def test_an_old_link_signs_nothing(engine: Engine) -> None:
    old = Links(["k" * 32], "http://regua", valid_days=-1)
    async with asking(engine, links=old) as http:
        answer = await http.post(old.agree("ffffffffffffffff"), data={"instalments": "3"})
    assert answer.status_code == 410


async def refused(made: Contract, http: AsyncClient) -> str:
    answer = await http.get(LINKS.agree(made.case))
    page = opened(answer)
    assert "form" not in page.tags
    assert (await http.post(LINKS.agree(made.case), data={"instalments": "3"})).status_code == 409
    return page.text


async def test_a_debt_that_needs_strong_identity_is_not_signed_by_link(made: Contract, http: AsyncClient) -> None:
    with made.engine.begin() as connection:
        connection.execute(update(debts).values(amount=Decimal("50000.01")))
    assert f"Acima de {money(Decimal('100000.00'))} o parcelamento é assinado com " in await refused(made, http)


async def test_what_is_on_hold_is_not_paid_in_instalments(made: Contract, http: AsyncClient) -> None:
    with made.engine.begin() as connection:
        for debt in made.debts:
            connection.execute(insert(holds).values(debt=debt, ground="judicial_decision", source="extract"))
    assert "Não há o que parcelar: suspenso por decisão judicial." in await refused(made, http)


async def test_a_debt_under_the_smallest_instalment_is_paid_at_once(made: Contract, http: AsyncClient) -> None:
    with made.engine.begin() as connection:
        connection.execute(update(debts).values(amount=Decimal("60.00")))
    assert "só pode ser pago à vista (Portaria PGM 16/2014 (SP156))." in await refused(made, http)


async def test_more_than_the_limit_names_the_rule(made: Contract, http: AsyncClient) -> None:
    answer = await http.post(LINKS.agree(made.case), data={"instalments": "61"})
    assert answer.status_code == 409
    assert "em até 60 parcelas (Portaria PGM 16/2014 (SP156))" in opened(answer).text


@pytest.mark.parametrize(
    "body",
    [b"", b"instalments=", b"instalments=-1", b"instalments=0", b"instalments=1e9", b"\xff"],
    ids=len,
)
async def test_without_a_choice_it_asks_again(made: Contract, http: AsyncClient, body: bytes) -> None:
    answer = await http.post(LINKS.agree(made.case), content=body)
    assert answer.status_code == 200
    assert "form" in opened(answer).tags


def test_a_choice_is_a_number_of_instalments_of_some_debts() -> None:
    assert chosen(b"instalments=12") == SigningRequest(12, identified=LINK)
    assert chosen(b"instalments=6&debts=sued&campaign=sim") == SigningRequest(
        6, debts="sued", campaign=True, identified=LINK
    )
    assert chosen("instalments=١٢".encode()) is None
    assert chosen(b"instalments=6&debts=mine") is None


async def test_he_signs_without_temporal_which_is_told_the_id_alone(made: Contract, http: AsyncClient) -> None:
    answer = await accepted(http, LINKS.agree(made.case), instalments="3")
    assert (answer.status_code, answer.headers["location"]) == (303, "?")
    [(agreement, via)] = made.rows("SELECT id, signed_via FROM agreements")
    assert via == "link"
    [(kind, who, role)] = made.rows("SELECT kind, who, role FROM acts")
    assert (kind, who, role) == ("sign", SIGNER.name, None)
    told = dict(made.rows("SELECT name, payload FROM outbox WHERE name <> 'agreement_changed'"))
    assert told == {"instalments_changed": {"agreement": agreement}}
    assert made.rows("SELECT actor, command, subject, outcome FROM audit_log") == [
        (SIGNER.name, "agreement sign", made.case, "done")
    ]
    assert "Seu parcelamento" in opened(await http.get(LINKS.agree(made.case))).text


async def test_what_is_in_court_and_what_is_not_are_signed_one_after_the_other(
    engine: Engine, http: AsyncClient
) -> None:
    made = contract(engine, "400.00", "800.00", policy=BH)
    with engine.begin() as connection:
        connection.execute(update(debts).where(debts.c.amount == 800).values(litigation=True))
    page = LINKS.agree(made.case)
    both = (await http.get(page)).text
    assert ("Débitos ajuizados" in both, "Débitos não ajuizados" in both, both.count("<form")) == (True, True, 2)
    assert (await http.post(page, data={"instalments": "2"})).status_code == 409
    assert (await accepted(http, page, instalments="2", debts="sued")).status_code == 303
    rest = (await http.get(page)).text
    assert ("Seu parcelamento" in rest, "Parcelar o que ainda está em aberto" in rest, rest.count("<form")) == (
        True,
        True,
        1,
    )
    assert (await accepted(http, page, instalments="2")).status_code == 303
    assert made.rows("SELECT amount, identified_by FROM agreements ORDER BY amount") == [
        (Decimal("400.00"), "link"),
        (Decimal("800.00"), "link"),
    ]
    owed = opened(await http.get(LINKS.pay(made.case))).text
    assert ("Seu parcelamento 1 de 2" in owed, "Seu parcelamento 2 de 2" in owed, "Parcelar" in owed) == (
        True,
        True,
        False,
    )


async def test_a_second_tab_signs_nothing_more(made: Contract, http: AsyncClient) -> None:
    page = LINKS.agree(made.case)
    digests = {
        count: re.search(r'name="deed" value="(\w+)"', (await http.get(f"{page}/conferir?instalments={count}")).text)
        for count in ("3", "4")
    }
    for count, digest in [*digests.items(), *digests.items()]:
        assert digest
        await http.post(page, data={"instalments": count, "accepted": "sim", "deed": digest[1]})
    assert made.rows("SELECT count(*) FROM instalments") == [(3,)]


@pytest.mark.parametrize("count", [0, 61])
def test_what_the_page_would_not_ask_is_refused_on_record(made: Contract, count: int) -> None:
    with pytest.raises(Refusal):
        sign_by_link(made.engine, made.case, SigningRequest(count), datetime.now(UTC))
    assert made.rows("SELECT count(*) FROM agreements") == [(0,)]
    assert ("refused",) in made.rows("SELECT outcome FROM audit_log")


async def test_what_is_signed_is_shown_with_its_schedule_and_no_second_one(made: Contract, http: AsyncClient) -> None:
    sign(made.engine, made.case, load_policy(SP), SigningRequest(3), SIGNER, "link", datetime.now(UTC))
    answer = await http.post(LINKS.agree(made.case), data={"instalments": "6"})
    page = opened(answer)
    assert "Seu parcelamento" in page.text
    # a third each, and 1 % in the second month
    assert [money(Decimal(each)) in page.text for each in ("400.00", "404.00")] == [True, True]
    assert "form" not in page.tags
    assert made.rows("SELECT count(*) FROM agreements") == [(1,)]


async def test_he_reads_and_accepts_what_he_signs(made: Contract, http: AsyncClient) -> None:
    page = LINKS.agree(made.case)
    answer = await http.get(f"{page}/conferir?instalments=3")
    check = opened(answer).text
    # 1,200 in three instalments of 400, the second and third with one percent a month
    for said in (
        f"Reconheço que devo, em {TODAY:%d/%m/%Y}, {money(Decimal(1200))}",
        f"Parcela 1 de 3, vencimento {TODAY:%d/%m/%Y}" if TODAY.weekday() < 5 else "Parcela 1 de 3, vencimento ",
        "As parcelas são corrigidas por IPCA (PGM, 06/03/2023).",
        "Juros de 1 % ao mês (PGM, 06/03/2023).",
        "O acordo se rompe com uma parcela em aberto depois do último dia útil bancário do mês seguinte",
        "um novo parcelamento é possível 75 dias depois do vencimento",
    ):
        assert said in check
    assert (await accepted(http, page, instalments="3")).status_code == 303
    [[deed]] = made.rows("SELECT terms -> 'deed' FROM agreements")
    assert deed["digest"] == sha256(deed["text"].encode()).hexdigest()
    assert all(paragraph in check for paragraph in deed["text"].splitlines())
    assert deed["address"] == "127.0.0.1"
    [[logged]] = made.rows("SELECT detail ->> 'deed' FROM audit_log WHERE command = 'agreement sign'")
    assert logged == deed["digest"]
    signed = opened(await http.get(page)).text
    assert ("Termo aceito" in signed, deed["digest"] in signed) == (True, True)


async def test_unread_and_changed_terms_are_not_signed(made: Contract, http: AsyncClient) -> None:
    page = LINKS.agree(made.case)
    unticked = await http.post(page, data={"instalments": "3", "deed": "0" * 64})
    assert (unticked.status_code, "marque que o aceita" in opened(unticked).text) == (422, True)
    other = await http.post(page, data={"instalments": "3", "accepted": "sim", "deed": "0" * 64})
    assert (other.status_code, "As condições mudaram" in opened(other).text) == (409, True)
    assert made.rows("SELECT count(*) FROM agreements") == [(0,)]
