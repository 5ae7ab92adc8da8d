"""The acts on a case that its page offers: what each does, in words, what its form asks, and the operation it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from models.case.blocks import Situation
from models.case.commands import Act, may
from models.law.grounds import Ground
from models.law.prescription import Cause
from models.words import CAUSES, GROUNDS, PRIOR_STEPS, REQUESTS
from operations.cases import declare_hardship, give_contact, pause_case, resume_case
from operations.due_process import (
    annul,
    answer_request,
    file_defence,
    place_hold,
    record_interruption,
    record_request,
    register_service,
    release_hold,
    rule_on_defence,
    take_prior_step,
)
from operations.promises import cancel_promise, take_another_promise, take_promise
from storage.law.annulments import Mistake
from storage.read_models.case_parts import CaseFile
from web.console.act_form import ActForm, Field, Options
from web.console.bodies import (
    Annulling,
    Answering,
    Asking,
    Contacting,
    Defending,
    Holding,
    Interrupting,
    Promising,
    Releasing,
    Requesting,
    Ruling,
    Serving,
    Stepping,
    TakingBack,
)


@dataclass(frozen=True)
class CaseForm(ActForm[str]):
    fits: Callable[[Situation, CaseFile], bool] = lambda situation, file: not situation.state.closed


REASON = Field("reason", "Motivo", "long", "Fica no registro do caso. Não escreva nomes nem números de documentos.")
DEBTS = Field("debts", "Débitos", "debts", "Nenhum marcado: todos os do caso.", wanted=False)
MISTAKES = {
    Mistake.SERVICE: "uma ciência",
    Mistake.STEP: "uma providência prévia",
    Mistake.RULING: "a decisão de uma defesa",
    Mistake.HARDSHIP: "a dificuldade declarada",
    Mistake.INTERRUPTION: "uma interrupção da prescrição",
}


def _possible(act: Act) -> Callable[[Situation, CaseFile], bool]:
    return lambda situation, file: may(act, situation)


PROMISED = (
    Field("amount", "Valor", hint="Em reais, como 1.234,56."),
    Field("on", "Paga em", "day"),
    Field("channel", "Como prometeu", "choice", options={"phone": "por telefone", "counter": "no balcão"}),
)


def _promised(file: CaseFile) -> bool:
    return any(promise["state"] == "open" for promise in file["promises"])


FORMS: tuple[CaseForm, ...] = (
    CaseForm(
        "contact",
        give_contact,
        "Registrar contato",
        "As próximas mensagens vão para este endereço; um caso sem contato volta a andar.",
        "Registrar contato",
        Contacting,
        (
            Field("email", "E-mail", wanted=False),
            Field("phone", "Telefone", hint="Com DDD, por exemplo 82 99999-0000.", wanted=False),
        ),
        lambda engine, who, case, said, now: give_contact(engine, who, case, now, said.email, said.phone),
    ),
    CaseForm(
        "request",
        record_request,
        "Registrar pedido ou contestação",
        "O prazo da resposta começa a contar. Contestação e revisão seguram o próximo passo até a resposta; um recurso "
        "é uma defesa contra o que foi rejeitado, e segura os créditos dela.",
        "Registrar pedido",
        Requesting,
        (
            Field("kind", "O que pede", "choice", options=REQUESTS),
            Field("reference", "Número do protocolo"),
            Field("on", "Feito em", "day", "Em branco: hoje.", wanted=False),
        ),
        lambda engine, who, case, said, now: record_request(engine, who, case, said.kind, said.reference, now, said.on),
    ),
    CaseForm(
        "request/answer",
        answer_request,
        "Responder pedido",
        "O pedido deixa de segurar o caso, que é julgado de novo.",
        "Registrar resposta",
        Answering,
        (
            Field("kind", "Pedido", "choice", options=REQUESTS),
            Field("decided", "Resposta", "choice", options={"granted": "deferido", "denied": "indeferido"}),
            REASON,
        ),
        lambda engine, who, case, said, now: answer_request(
            engine, who, case, said.kind, said.decided, said.reason, now
        ),
        lambda situation, file: any(request["answer"] is None for request in file["requests"]),
    ),
    CaseForm(
        "promise",
        take_promise,
        "Registrar promessa de pagamento",
        "Os avisos que não são formais esperam o dia prometido e os dias do banco; notificação formal, prazo e "
        "prescrição não esperam.",
        "Registrar promessa",
        Promising,
        PROMISED,
        lambda engine, who, case, said, now: take_promise(engine, who, case, said.amount, said.on, now, said.channel),
        lambda situation, file: not situation.state.closed and not _promised(file),
    ),
    CaseForm(
        "promise/another",
        take_another_promise,
        "Registrar outra promessa",
        "Fica ao lado da que está aberta; cada pagamento conta para uma só, a que vence primeiro.",
        "Registrar outra promessa",
        Promising,
        PROMISED,
        lambda engine, who, case, said, now: take_another_promise(
            engine, who, case, said.amount, said.on, now, said.channel
        ),
        lambda situation, file: not situation.state.closed and _promised(file),
    ),
    CaseForm(
        "promise/cancel",
        cancel_promise,
        "Cancelar promessa registrada por engano",
        "Ela fica no registro, cancelada, e não conta em número nenhum; a régua segue como antes dela.",
        "Cancelar promessa",
        TakingBack,
        (Field("promise", "Qual", "promises"), REASON),
        lambda engine, who, case, said, now: cancel_promise(engine, who, case, said.promise, said.reason, now),
        lambda situation, file: _promised(file),
    ),
    CaseForm(
        "hardship",
        declare_hardship,
        "Registrar dificuldade de pagar",
        "O caso muda uma vez para a hipótese de quem não pode pagar, a partir de hoje.",
        "Registrar dificuldade",
        Asking,
        (),
        lambda engine, who, case, said, now: declare_hardship(engine, who, case, now),
        _possible(Act.HARDSHIP),
    ),
    CaseForm(
        "served",
        register_service,
        "Registrar ciência",
        "O prazo de defesa começa a contar desta ciência, para os créditos que a notificação relaciona.",
        "Registrar ciência",
        Serving,
        (
            Field("notice", "Notificação", "notices"),
            Field("on", "Ciência em", "day"),
            Field("reference", "O que a prova", hint="AR, edital, recibo do domicílio: número e data."),
        ),
        lambda engine, who, case, said, now: register_service(
            engine, who, case, said.notice, said.on, said.reference, now
        ),
        lambda situation, file: may(Act.SERVED, situation) and any(notice["formal"] for notice in file["notices"]),
    ),
    CaseForm(
        "defence",
        file_defence,
        "Registrar defesa",
        "Enquanto estiver aberta, nada avança para os créditos defendidos; a suspensão dada por eles é devolvida.",
        "Registrar defesa",
        Defending,
        (
            Field("reference", "Número do processo"),
            Field("on", "Apresentada em", "day", "Em branco: hoje.", wanted=False),
            Field("credits", "Contra quais créditos", "credits", "Nenhum marcado: todos os notificados.", wanted=False),
        ),
        lambda engine, who, case, said, now: file_defence(
            engine, who, case, said.reference, now, said.on, said.credits
        ),
        lambda situation, file: may(Act.DEFENCE, situation) and any(notice["formal"] for notice in file["notices"]),
    ),
    CaseForm(
        "defence/ruling",
        rule_on_defence,
        "Decidir defesa",
        "Aceita: os créditos deixam de sustentar a suspensão. Rejeitada: corre antes o prazo de recurso.",
        "Registrar decisão",
        Ruling,
        (
            Field("decided", "Decisão", "choice", options={"accepted": "aceita", "rejected": "rejeitada"}),
            REASON,
            Field("on", "Decidida em", "day", "Em branco: hoje.", wanted=False),
            Field("credits", "De quais créditos", "credits", "Só onde há mais de uma defesa aberta.", wanted=False),
        ),
        lambda engine, who, case, said, now: rule_on_defence(
            engine, who, case, said.decided, said.reason, now, said.on, said.credits
        ),
        lambda situation, file: any(defence["state"] == "open" for defence in file["defences"]),
    ),
    CaseForm(
        "hold",
        place_hold,
        "Suspender a exigibilidade",
        "Os débitos saem do saldo e das mensagens, em todos os casos que os cobram, até que alguém a levante.",
        "Suspender exigibilidade",
        Holding,
        (
            Field("ground", "Fundamento", "choice", options={ground: GROUNDS[ground] for ground in Ground}),
            REASON,
            Field("evidence", "O que prova", hint="Número do processo, da guia, da decisão.", wanted=False),
            Field("from", "Desde", "day", "Em branco: hoje.", wanted=False),
            Field("until", "Até", "day", "Em branco: sem data.", wanted=False),
            DEBTS,
        ),
        lambda engine, who, case, said, now: place_hold(
            engine, who, case, said.ground, said.reason, now, said.evidence, said.since, said.until, said.debts
        ),
        _possible(Act.HOLD),
    ),
    CaseForm(
        "release",
        release_hold,
        "Levantar a suspensão",
        "Os débitos voltam ao saldo, e o prazo parado corre com o que faltava. Só o que pessoas registraram.",
        "Levantar suspensão",
        Releasing,
        (
            REASON,
            Field(
                "ground",
                "Só as deste fundamento",
                "choice",
                options={ground: GROUNDS[ground] for ground in Ground},
                wanted=False,
            ),
            DEBTS,
        ),
        lambda engine, who, case, said, now: release_hold(engine, who, case, said.reason, now, said.ground, said.debts),
        lambda situation, file: (
            may(Act.RELEASE, situation) and any(hold["source"] == "person" for hold in file["holds"])
        ),
    ),
    CaseForm(
        "step",
        take_prior_step,
        "Registrar providência prévia",
        "Com as providências que a lei quer, o caso segue para a execução fiscal.",
        "Registrar providência",
        Stepping,
        (
            Field("kind", "Providência", "choice", options=PRIOR_STEPS),
            Field("on", "Feita em", "day"),
            Field("reference", "O que a prova"),
            DEBTS,
        ),
        lambda engine, who, case, said, now: take_prior_step(
            engine, who, case, said.kind, said.on, said.reference, now, said.debts
        ),
        _possible(Act.STEP),
    ),
    CaseForm(
        "interruption",
        record_interruption,
        "Registrar interrupção da prescrição",
        "O prazo de cinco anos recomeça nesse dia para os débitos escolhidos (CTN art. 174).",
        "Registrar interrupção",
        Interrupting,
        (
            Field("cause", "Causa", "choice", options={cause: CAUSES[cause] for cause in Cause}),
            Field("on", "Em", "day"),
            Field("reference", "O que a prova"),
            DEBTS,
        ),
        lambda engine, who, case, said, now: record_interruption(
            engine, who, case, said.cause, said.on, said.reference, now, said.debts
        ),
    ),
    CaseForm(
        "pause",
        pause_case,
        "Pausar o caso",
        "Nenhuma mensagem sai e o prazo do degrau para, até que alguém o retome.",
        "Pausar",
        Asking,
        (),
        lambda engine, who, case, said, now: pause_case(engine, who, case, now),
        _possible(Act.PAUSE),
    ),
    CaseForm(
        "resume",
        resume_case,
        "Retomar o caso",
        "O prazo do degrau corre com o que faltava, se nada mais o segura.",
        "Retomar",
        Asking,
        (),
        lambda engine, who, case, said, now: resume_case(engine, who, case, now),
        _possible(Act.RESUME),
    ),
    CaseForm(
        "annul",
        annul,
        "Anular um registro feito por engano",
        "O registro fica, anulado por outro; o que se apoiava nele é julgado de novo na hora.",
        "Anular",
        Annulling,
        (
            Field("kind", "O que foi engano", "choice", options=cast("Options", MISTAKES)),
            Field("entry", "Qual", hint="O número do registro; em branco: o mais novo do tipo.", wanted=False),
            REASON,
        ),
        lambda engine, who, case, said, now: annul(engine, who, case, said.kind, said.entry, said.reason, now),
    ),
)

BY_PATH = {form.path: form for form in FORMS}
