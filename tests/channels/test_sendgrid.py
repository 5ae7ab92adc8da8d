"""Against a SendGrid on this machine, which checks every request against its own description."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from markupsafe import escape

from channels.mail_gateway import Busy, Outgoing, Receipt, Unanswered, Undeliverable
from channels.sendgrid import SendGrid
from tests.channels.messages import outgoing
from tests.providers.fake import KEY, FakeProviders
from tests.providers.weather import Fault

NEVER = 30.0
"""Seconds that no test waits."""


@pytest.fixture
def providers() -> Iterator[FakeProviders]:
    with FakeProviders() as providers:
        yield providers
        assert providers.problems == []


def sendgrid(providers: FakeProviders, together: int = 1, timeout: float = NEVER, sandbox: bool = False) -> SendGrid:
    """Waits until `together` mails of one text are there."""
    return SendGrid(KEY, url=providers.url, patience=NEVER, most=together, timeout=timeout, sandbox=sandbox)


def deliver(adapter: SendGrid, messages: list[Outgoing]) -> list[Receipt | Exception]:
    def outcome(message: Outgoing) -> Receipt | Exception:
        try:
            return adapter.deliver(message)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(messages)) as threads:
        return list(threads.map(outcome, messages))


def test_a_mail_carries_what_comes_back_with_its_events(providers: FakeProviders) -> None:
    unsubscribe = "https://regua.example/u/token"
    message = outgoing(html="<p>Padaria &amp; Filhos 1</p>", unsubscribe=unsubscribe)
    receipt = sendgrid(providers).deliver(message)
    [taken] = providers.taken
    assert receipt == Receipt("sendgrid", taken.id, "queued")
    assert (taken.to, taken.text, taken.html) == (message.recipient, message.body, message.html)
    assert taken.asked["custom_args"] == {"case": message.case, "notice": message.notice}
    assert taken.asked["headers"] == {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert taken.sender == message.sender


def test_mails_of_one_text_leave_in_one_request_each_with_its_own_words(providers: FakeProviders) -> None:
    messages = [
        outgoing(n, html=f"<p>{escape(f'Padaria & Filhos {n}')} deve R$ {n}.234,56</p>", subject=f"Aviso {n}")
        for n in range(1, 21)
    ]
    receipts = deliver(sendgrid(providers, together=20), messages)
    assert providers.requests == ["POST /v3/mail/send"]
    assert {taken.notice: (taken.to, taken.text, taken.html) for taken in providers.taken} == {
        m.notice: (m.recipient, m.body, m.html) for m in messages
    }
    assert {taken.asked["subject"] for taken in providers.taken} == {m.subject for m in messages}
    assert set(receipts) == {Receipt("sendgrid", providers.taken[0].id, "queued")}


def test_names_that_html_writes_otherwise_still_share_a_request(providers: FakeProviders) -> None:
    names = ["D'Ávila & Cia", 'Bar "Sol"', "<b>Ana</b>"]
    messages = [
        outgoing(n, body=name, html=f"<p>{escape(name)}</p>", personal=(name,)) for n, name in enumerate(names, start=1)
    ]
    deliver(sendgrid(providers, together=3), messages)
    assert len(providers.requests) == 1
    assert {(taken.text, taken.html) for taken in providers.taken} == {(m.body, m.html) for m in messages}


def test_mails_of_other_words_ruler_or_law_go_apart(providers: FakeProviders) -> None:
    adapter = SendGrid(KEY, url=providers.url, patience=0.0)
    others = [outgoing(2, body="Outro texto"), outgoing(3, ruler="icms v2"), outgoing(4, formal=True)]
    deliver(adapter, [outgoing(1), *others])
    assert len(providers.requests) == len(providers.taken) == 4


def test_one_address_is_never_twice_in_a_request(providers: FakeProviders) -> None:
    accountant = "contador@cidade.example"
    messages = [outgoing(n, recipient=accountant) for n in (1, 2)]
    adapter = SendGrid(KEY, url=providers.url, patience=0.2)
    assert all(isinstance(made, Receipt) for made in deliver(adapter, messages))
    assert [taken.to for taken in providers.taken] == [accountant] * 2
    assert len(providers.requests) == 2


def test_a_bad_recipient_does_not_fail_the_others(providers: FakeProviders) -> None:
    messages = [outgoing(n) for n in range(1, 6)]
    providers.invalid["contribuinte2@cidade.example"] = 1
    messages[3] = outgoing(4, recipient="not an address")
    outcomes = deliver(sendgrid(providers, together=5), messages)
    assert [isinstance(made, Receipt) for made in outcomes] == [True, False, True, False, True]
    refused = [made for made in outcomes if isinstance(made, Undeliverable)]
    assert [each.contact_is_suppressed for each in refused] == [True, True]
    assert sorted(taken.notice for taken in providers.taken) == [messages[n].notice for n in (0, 2, 4)]


def test_too_large_together_leaves_in_parts(providers: FakeProviders) -> None:
    providers.largest = 2_500
    outcomes = deliver(sendgrid(providers, together=8), [outgoing(n) for n in range(1, 9)])
    assert all(isinstance(made, Receipt) for made in outcomes)
    assert len(providers.taken) == 8
    assert len(providers.requests) > 2


def test_too_large_alone_cannot_heal(providers: FakeProviders) -> None:
    providers.largest = 100
    with pytest.raises(Undeliverable) as refused:
        sendgrid(providers).deliver(outgoing())
    assert not refused.value.contact_is_suppressed


def test_a_refusal_that_names_nothing_is_looked_for_one_by_one(providers: FakeProviders) -> None:
    """Together refused, then the first half too; its first mail alone is at fault."""
    providers.weather.comes(Fault.REFUSED, Fault.REFUSED, Fault.REFUSED)
    outcomes = deliver(sendgrid(providers, together=4), [outgoing(n) for n in range(1, 5)])
    assert [type(made) for made in outcomes].count(Undeliverable) == 1
    assert len(providers.taken) == 3


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.UNAUTHORIZED])
def test_what_cannot_heal_is_told_as_such(providers: FakeProviders, fault: Fault) -> None:
    providers.weather.comes(fault)
    with pytest.raises(Undeliverable) as refused:
        sendgrid(providers).deliver(outgoing())
    assert not refused.value.contact_is_suppressed


def test_too_many_requests_wait_as_long_as_asked(providers: FakeProviders) -> None:
    providers.weather.comes(Fault.TOO_MANY, Fault.BROKEN)
    providers.retry_after = 7
    with pytest.raises(Busy) as busy:
        sendgrid(providers).deliver(outgoing())
    assert busy.value.retry_after == 7
    with pytest.raises(Busy) as broken:
        sendgrid(providers).deliver(outgoing())
    assert broken.value.retry_after is None
    assert providers.taken == []


def test_a_provider_that_isnt_there_took_nothing() -> None:
    with FakeProviders() as gone:
        url = gone.url
    with pytest.raises(Busy):
        SendGrid(KEY, url=url, most=1).deliver(outgoing())


@pytest.mark.parametrize(("fault", "taken", "timeout"), [(Fault.SILENT, 0, 0.2), (Fault.DROPPED, 1, 60.0)])
def test_a_lost_answer_may_hide_a_mail_and_sendgrid_cant_tell(
    providers: FakeProviders, fault: Fault, taken: int, timeout: float
) -> None:
    providers.weather.comes(fault)
    adapter = sendgrid(providers, timeout=timeout)
    with pytest.raises(Unanswered):
        adapter.deliver(outgoing())
    assert len(providers.taken) == taken
    assert adapter.taken(outgoing()) is None


def test_in_the_sandbox_nothing_is_sent(providers: FakeProviders) -> None:
    assert sendgrid(providers, sandbox=True).deliver(outgoing()).status == "queued"
    assert (len(providers.requests), providers.taken) == (1, [])


def test_no_address_no_mail(providers: FakeProviders) -> None:
    with pytest.raises(Undeliverable) as refused:
        sendgrid(providers).deliver(outgoing(recipient=None))
    assert refused.value.contact_is_suppressed
    assert providers.requests == []


def test_more_of_ones_own_than_substitutions_may_hold_is_sent_as_it_is(providers: FakeProviders) -> None:
    long = "débito; " * 2_000
    message = outgoing(body=long, personal=(long,))
    sendgrid(providers).deliver(message)
    assert [taken.text for taken in providers.taken] == [long]
