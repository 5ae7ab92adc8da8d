"""The acts on a whole cohort that its page offers: what each does, in words, what its form asks, and the operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.case.cohort_state import State
from operations.cohorts import cancel_cohort, change_budget, pause_cohort, release_control, resume_cohort
from storage.case.cohorts import Cohort
from storage.read_models.cohort_map import CohortNow
from web.console.act_form import ActForm, Field
from web.console.bodies import Asking, Budgeting, Reasoning
from web.console.case_forms import REASON


@dataclass(frozen=True)
class CohortForm(ActForm[str]):
    """A form on a cohort. `{open}` in its effect and its button is how many cases are open, in words."""

    fits: Callable[[Cohort, CohortNow], bool]


def _lives(cohort: Cohort, now: CohortNow) -> bool:
    return cohort.lifecycle.state is not State.CANCELLED


FORMS: tuple[CohortForm, ...] = (
    CohortForm(
        "pause",
        pause_cohort,
        "Pausar o grupo",
        "Nenhuma mensagem de {open} sai a partir de agora, e os prazos param. Pagamentos, defesas "
        "e pedidos seguem entrando no registro.",
        "Pausar {open}",
        Reasoning,
        (REASON,),
        lambda engine, who, name, said, now: pause_cohort(engine, who, name, said.reason, now),
        lambda cohort, now: cohort.lifecycle.state is State.RUNNING,
    ),
    CohortForm(
        "resume",
        resume_cohort,
        "Retomar o grupo",
        "Os prazos correm com o que faltava. Um caso pausado sozinho continua pausado.",
        "Retomar {open}",
        Reasoning,
        (REASON,),
        lambda engine, who, name, said, now: resume_cohort(engine, who, name, said.reason, now),
        lambda cohort, now: cohort.lifecycle.state is State.PAUSED,
    ),
    CohortForm(
        "budget",
        change_budget,
        "Mudar o orçamento",
        "É o máximo que as mensagens do grupo podem custar ao todo. Casos que o orçamento anterior parou voltam a "
        "andar.",
        "Mudar o orçamento",
        Budgeting,
        (Field("amount", "Orçamento, em reais", hint="Por exemplo 1.500,00."),),
        lambda engine, who, name, said, now: change_budget(engine, who, name, said.amount, now),
        _lives,
    ),
    CohortForm(
        "release",
        release_control,
        "Liberar o grupo de controle",
        "Outros grupos podem contatar quem foi sorteado para não ser contatado. O relatório deste termina hoje.",
        "Liberar o grupo de controle",
        Asking,
        (),
        lambda engine, who, name, said, now: release_control(engine, who, name),
        lambda cohort, now: "control" in now["statuses"],
    ),
    CohortForm(
        "cancel",
        cancel_cohort,
        "Cancelar o grupo",
        "Para sempre: com ele terminam {open}, e os benefícios que suspenderam são devolvidos. Não há como desfazer.",
        "Encerrar {open}",
        Reasoning,
        (REASON,),
        lambda engine, who, name, said, now: cancel_cohort(engine, who, name, said.reason, now),
        _lives,
    ),
)

BY_PATH = {form.path: form for form in FORMS}
