"""Each figure of a cohort's report: its query, its formula and where the formula comes from.

A query sees nothing but the tables and the relations below, and each is one pass over sets: PostgreSQL reads a case, a
notice or a payment once, however many figures are asked for. `:on` is the last logical day that counts, `:least` the
balance under which a case resolves, `:within` the days after a notice in which a payment counts as its; `:judged` and
`:unneeded` are payments of debts that grow, and what these didn't need of them, which no query can tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import PGDialect

from models.errors import Refusal
from storage.proof.question import Question

DIALECT = PGDialect()  # type: ignore[no-untyped-call]

RELATIONS: Mapping[str, str] = {
    # the cohort's cases, by the arm they were drawn for; without a lot all are the ruler's, each drawn by itself
    "members": """
        SELECT id AS "case", taxpayer, tax, coalesce(arm, 'ruler') AS arm, coalesce(unit, id) AS unit,
               coalesce(stratum, tax) AS stratum, ruler, contact_habits IS NOT NULL AS told_apart, owed, opened_on
        FROM cases WHERE cohort = :cohort AND opened_on <= :on""",
    # debts that anything was paid of, each once: one of several debtors counts for one of them, by their cases' ids,
    # which are random
    "claims": """
        SELECT DISTINCT ON (debt) debt, "case", opened_on, accrues
        FROM (SELECT debt FROM payments WHERE paid_on <= :on
              UNION SELECT allocations.debt FROM allocations JOIN payments ON payments.id = payment
              WHERE paid_on <= :on) AS paid
        JOIN debts ON debts.id = paid.debt JOIN debtors USING (debt)
        JOIN members ON members.taxpayer = debtors.taxpayer AND members.tax = debts.tax
        JOIN rulers ON rulers.digest = members.ruler
        ORDER BY debt, "case" """,
    # what came in for each debt on a day, less what was given back of it, and of that no more than the debt needed, the
    # first payments first; instalments by what fell to the debt
    "receipts": """
        SELECT "case", debt, payment, paid_on, paid_on >= opened_on AS since,
               CASE WHEN accrues THEN net - coalesce(unneeded, 0) ELSE least(net, greatest(room, 0)) END AS amount
        FROM (SELECT "case", debt, payment, paid_on, opened_on, accrues, net,
                     debts.amount - remitted.amount - allocated.amount
                         - sum(net) OVER (PARTITION BY debt ORDER BY paid_on, payment) + net AS room
              FROM (SELECT "case", debt, payments.id AS payment, paid_on, opened_on, accrues,
                           payments.amount - coalesce((
                               SELECT sum(amount) FROM reversals WHERE payment = payments.id AND reversed_on <= :on
                           ), 0) AS net
                    FROM claims JOIN payments USING (debt) WHERE paid_on <= :on) AS netted
              JOIN debts ON debts.id = debt
              CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM remissions
                                  WHERE remissions.debt = netted.debt AND remitted_on <= :on) AS remitted
              CROSS JOIN LATERAL (SELECT coalesce(sum(allocations.amount), 0) AS amount FROM allocations
                                  WHERE allocations.debt = netted.debt) AS allocated) AS filled
        LEFT JOIN unnest(CAST(:judged AS bigint[]), CAST(:unneeded AS numeric[])) AS judged (payment, unneeded)
            USING (payment)
        UNION ALL
        SELECT "case", allocations.debt, payments.id, paid_on, paid_on >= opened_on, allocations.amount
        FROM claims JOIN allocations ON allocations.debt = claims.debt
        JOIN payments ON payments.id = allocations.payment WHERE paid_on <= :on""",
    # the people of a case: its taxpayer, and who owes with him
    "near": """
        SELECT "case", arm, taxpayer, opened_on FROM members
        UNION SELECT "case", arm, others.taxpayer, opened_on
        FROM members JOIN debtors USING (taxpayer)
        JOIN debtors AS others ON others.debt = debtors.debt AND others.taxpayer <> debtors.taxpayer""",
    # who heard of a debt from elsewhere: by another cohort or arm, for another tax, or as a co-debtor, and who was held
    # out and called; what answers a person's own act is sent to all arms alike, and contaminates none
    "contaminated": """
        SELECT near."case"
        FROM near JOIN cases ON cases.taxpayer = near.taxpayer
            AND (cohort <> :cohort OR coalesce(cases.arm, 'ruler') <> near.arm)
        JOIN notices ON notices."case" = cases.id AND sent_at IS NOT NULL AND at BETWEEN near.opened_on AND :on
         AND communication IS NULL
        UNION SELECT near."case"
        FROM near JOIN cases ON cases.taxpayer = near.taxpayer
            AND (cohort <> :cohort OR near.arm = 'control' OR coalesce(cases.arm, 'ruler') <> near.arm)
        JOIN (SELECT "case", due FROM tasks WHERE kind = 'call' AND done_at IS NOT NULL
              UNION ALL SELECT "case", made_on FROM promises) AS spoken (called, at) ON called = cases.id
         AND at BETWEEN near.opened_on AND :on""",
    "sendings": """
        SELECT "case", arm, step, kind, channel, at, hypothesis, stage, status, cost, sent_at IS NOT NULL AS sent,
               served_on IS NOT NULL OR status IN ('delivered', 'read', 'answered') AS got,
               channel = 'voice' AND EXISTS (SELECT FROM delivery_events WHERE notice = notices.id
                   AND delivery_events.kind IN ('in-progress', 'completed')) AS picked_up
        FROM members JOIN notices USING ("case") WHERE at <= :on""",
    # a case is charged from its first notice sent, or from the first call or visit of its taxpayer himself; reached if
    # any was delivered, and has paid once it owes nothing; it stands on the cell of its last notice
    "outcomes": """
        SELECT members."case", arm, owed, opened_on, least(charged_on, spoken_on) AS charged_on,
               coalesce(reached, false) AS reached, coalesce(received, 0) AS received, paid_on,
               split_part(cell, ' ', 2) AS hypothesis, split_part(cell, ' ', 3) AS stage
        FROM members
        LEFT JOIN (SELECT "case", min(at) AS charged_on, bool_or(got) AS reached,
                          max(to_char(step, 'FM0000') || ' ' || hypothesis || ' ' || stage COLLATE "C") AS cell
                   FROM sendings WHERE kind = 'rung' AND sent GROUP BY "case") AS contact USING ("case")
        LEFT JOIN (SELECT tasks."case", min(calls.at) AS spoken_on FROM calls JOIN tasks ON tasks.id = calls.task
                   WHERE confirmed_at IS NOT NULL AND channel <> 'office' AND calls.at <= :on
                   GROUP BY tasks."case") AS spoken USING ("case")
        LEFT JOIN (SELECT "case", sum(amount) AS received FROM receipts WHERE since GROUP BY "case") AS came
            USING ("case")
        LEFT JOIN (SELECT "case", min(day) AS paid_on
                   FROM (SELECT "case", opened_on, paid_on AS day, owed,
                                sum(sum(amount)) OVER (PARTITION BY "case" ORDER BY paid_on) AS paid
                         FROM (SELECT members."case", opened_on, debtors.debt,
                                      sum(debts.amount - coalesce(remitted.amount, 0))
                                          OVER (PARTITION BY members."case") AS owed
                               FROM (SELECT DISTINCT "case" FROM receipts WHERE since) AS paying
                               JOIN members USING ("case") JOIN debtors ON debtors.taxpayer = members.taxpayer
                               JOIN debts ON debts.id = debtors.debt AND debts.tax = members.tax
                               LEFT JOIN (SELECT debt, sum(amount) AS amount FROM remissions
                                          WHERE remitted_on <= :on GROUP BY debt) AS remitted
                                   ON remitted.debt = debts.id) AS owing
                         JOIN (SELECT debt, paid_on, amount FROM receipts) AS money USING (debt)
                         GROUP BY "case", opened_on, paid_on, owed) AS days
                   WHERE day >= opened_on AND (owed <= paid OR owed - paid < :least)
                   GROUP BY "case") AS settled USING ("case")""",
    # what was drawn together, as one
    "drawn_units": """
        SELECT members.unit, members.arm, min(stratum) AS stratum, count(*) AS cases,
               count(*) FILTER (WHERE received > 0) AS paying, sum(received) AS received, sum(members.owed) AS owed,
               bool_or(told_apart) AS told_apart,
               bool_or(reached) AS reached, count(contaminated."case") > 0 AS contaminated
        FROM members JOIN outcomes USING ("case") LEFT JOIN contaminated USING ("case")
        GROUP BY members.unit, members.arm""",
}


@dataclass(frozen=True)
class Figure:
    title: str
    """In pt-BR, like `formula`."""
    formula: str
    source: str
    query: str


FIGURES: Mapping[str, Figure] = {
    "heat_map": Figure(
        title="Mapa de calor",
        formula="Cada caso está na célula do último aviso que recebeu; devido na abertura e recebido desde então.",
        source="SEFAZ/AL, seminário de 2018: oito hipóteses, seis etapas",
        query="""
            SELECT arm, hypothesis, stage, coalesce(cases, 0) AS cases, notices, coalesce(owed, 0) AS owed,
                   coalesce(received, 0) AS received
            FROM (SELECT arm, hypothesis, stage, count(*) AS notices FROM sendings WHERE kind = 'rung' AND sent
                  GROUP BY arm, hypothesis, stage) AS sent
            LEFT JOIN (SELECT arm, hypothesis, stage, count(*) AS cases, sum(owed) AS owed, sum(received) AS received
                       FROM outcomes GROUP BY arm, hypothesis, stage) AS reached USING (arm, hypothesis, stage)
            ORDER BY arm, hypothesis, stage""",
    ),
    "coverage": Figure(
        title="Cobertura",
        formula="Casos com aviso enviado, ou cujo contribuinte foi atendido por uma pessoa ÷ casos a cobrar, em número"
        " e pelo que deviam na abertura; o grupo de controle não é de cobrar.",
        source="SEFAZ/AL, Central de Cobrança: 459 de 857 (54 %), R$ 6.424.216,03 de R$ 11.075.506,96 (58 %)",
        query="""
            SELECT count(*) AS to_charge, count(charged_on) AS charged, coalesce(sum(owed), 0) AS amount_to_charge,
                   coalesce(sum(owed) FILTER (WHERE charged_on IS NOT NULL), 0) AS amount_charged
            FROM outcomes WHERE arm <> 'control'""",
    ),
    "coverage_by_month": Figure(
        title="Cobrança por mês",
        formula="A cobrar no mês: casos abertos até o seu fim que, antes dele, nem tiveram aviso nem quitaram, e o que"
        " deviam na abertura. Cobrado: destes, os de primeiro aviso no mês. O grupo de controle não é de cobrar.",
        source="SEFAZ/AL, Central de Cobrança: quadro mensal de a cobrar e cobrado",
        query="""
            SELECT month, count(*) AS to_charge, count(*) FILTER (WHERE charged_on < following) AS charged,
                   sum(owed) AS amount_to_charge,
                   coalesce(sum(owed) FILTER (WHERE charged_on < following), 0) AS amount_charged
            FROM (SELECT first::date AS month, (first + interval '1 month')::date AS following
                  FROM generate_series(date_trunc('month', (SELECT min(opened_on) FROM outcomes)::timestamp),
                                       CAST(:on AS timestamp), interval '1 month') AS first) AS months
            JOIN outcomes ON opened_on < following AND coalesce(charged_on, month) >= month
                AND coalesce(paid_on, month) >= month
            WHERE arm <> 'control' GROUP BY month ORDER BY month""",
    ),
    "recovered": Figure(
        title="Recuperado por mês",
        formula="Pagamentos desde a abertura menos devoluções, até o que o débito pedia: o excedente não conta. Após"
        " ação: no dia do primeiro aviso do caso ou depois; o restante é espontâneo, nele o do grupo de controle.",
        source="SEFAZ/AL, Central de Cobrança: R$ 2.057.993,52, dos quais 89,4 % após ação",
        query="""
            SELECT date_trunc('month', receipts.paid_on)::date AS month, sum(amount) AS total,
                   coalesce(sum(amount) FILTER (WHERE charged_on <= receipts.paid_on), 0) AS after_action,
                   coalesce(sum(amount) FILTER (WHERE charged_on > receipts.paid_on OR charged_on IS NULL), 0)
                       AS spontaneous,
                   coalesce(sum(amount) FILTER (WHERE arm = 'control'), 0) AS control
            FROM receipts JOIN outcomes USING ("case") WHERE since GROUP BY month ORDER BY month""",
    ),
    "year": Figure(
        title="Parte da régua nas receitas do ano",
        formula="Recebido desde a abertura dos casos, no ano do relatório até o seu dia ÷ tudo o que entrou no ano,"
        " menos devoluções, para débitos dos mesmos tributos.",
        source="Pindamonhangaba, REFIS 2023: 10 % do recebido de dívida ativa e cobrança amigável no ano",
        query="""
            SELECT extract(year FROM CAST(:on AS date))::int AS year,
                   (SELECT coalesce(sum(amount), 0) FROM receipts
                    WHERE since AND extract(year FROM paid_on) = extract(year FROM CAST(:on AS date))) AS brought,
                   coalesce(sum(money.amount), 0) AS received
            FROM (SELECT debt, paid_on, payments.amount - coalesce((
                             SELECT sum(amount) FROM reversals WHERE payment = payments.id AND reversed_on <= :on
                         ), 0) AS amount FROM payments
                  UNION ALL SELECT allocations.debt, paid_on, allocations.amount
                  FROM allocations JOIN payments ON payments.id = payment) AS money
            JOIN debts ON debts.id = debt
            WHERE extract(year FROM paid_on) = extract(year FROM CAST(:on AS date)) AND paid_on <= :on
              AND tax IN (SELECT DISTINCT tax FROM members)""",
    ),
    "progress": Figure(
        title="Progresso até a meta",
        formula="Soma do recebido desde a abertura dos casos até cada dia ÷ meta da campanha (--goal).",
        source="Pindamonhangaba, REFIS 2023: meta de R$ 19 milhões",
        query="""
            SELECT paid_on AS day, sum(amount) AS received, sum(sum(amount)) OVER (ORDER BY paid_on) AS total
            FROM receipts WHERE since GROUP BY paid_on ORDER BY paid_on""",
    ),
    "groups": Figure(
        title="Grupos, como sorteados",
        formula="Por grupo (ruler: régua da coorte; standard: a mesma, sem o que diz por hábito; rival, rival_2,"
        " rival_3: as outras; control: ninguém avisa): casos, pagantes (recebido > 0), soma e desvio-padrão (n − 1)"
        " do recebido por caso, com zero de quem não pagou; avisos enviados e o seu custo. Intervalos e p: teste de"
        " aleatorização estratificado, repetindo o sorteio.",
        source="docs/proof.md; intenção de tratar: todos os sorteados, alcançados ou não",
        query="""
            SELECT arm, cases, payers, received, deviation, coalesce(sent, 0) AS sent, coalesce(cost, 0) AS cost
            FROM (SELECT arm, count(*) AS cases, count(*) FILTER (WHERE received > 0) AS payers,
                         coalesce(sum(received), 0) AS received,
                         coalesce(stddev_samp(received), 0)::float AS deviation
                  FROM outcomes GROUP BY arm) AS came
            LEFT JOIN (SELECT arm, count(*) FILTER (WHERE sent) AS sent, sum(cost) AS cost
                       FROM sendings WHERE kind IN ('rung', 'reinstatement') GROUP BY arm) AS messages USING (arm)
            ORDER BY arm""",
    ),
    "contamination": Figure(
        title="Contato por fora do sorteio",
        formula="Casos cujo contribuinte, ou um codevedor seu, foi avisado, chamado por telefone ou ouvido em promessa"
        " de pagamento por outra coorte, outro tributo ou outro grupo desde a abertura ou, se de controle, chamado"
        " ou ouvido no próprio caso; e o que deviam nela.",
        source="docs/proof.md",
        query="""
            SELECT arm, count(*) AS cases, count(contaminated."case") AS contaminated,
                   coalesce(sum(owed) FILTER (WHERE contaminated."case" IS NOT NULL), 0) AS owed
            FROM members LEFT JOIN contaminated USING ("case") GROUP BY arm ORDER BY arm""",
    ),
    "as_delivered": Figure(
        title="Alcançados e não notificados, como entregue",
        formula="Alcançado: algum aviso entregue ou lido. Comparados com o grupo de controle ou, sem sorteio, com todos"
        " os demais casos: um indício, e não uma prova.",
        source="docs/proof.md",
        query="""
            SELECT reached, count(*) AS cases, count(*) FILTER (WHERE received > 0) AS payers,
                   coalesce(sum(received), 0) AS received, coalesce(stddev_samp(received), 0)::float AS deviation
            FROM outcomes
            WHERE reached OR arm = 'control' OR NOT EXISTS (SELECT FROM outcomes WHERE arm = 'control')
            GROUP BY reached ORDER BY reached""",
    ),
    "survival": Figure(
        title="Tempo até o pagamento",
        formula="Kaplan–Meier: dias da abertura (no controle, do sorteio) até a quitação de todos os débitos do caso;"
        " quem não quitou conta até o dia do relatório.",
        source="Kaplan e Meier, 1958; intervalo log-log; grupos comparados dois a dois pelo teste log-rank",
        query="""
            SELECT arm, coalesce(paid_on, :on) - opened_on AS day, count(paid_on) AS paid,
                   count(*) - count(paid_on) AS left
            FROM outcomes GROUP BY arm, day ORDER BY arm, day""",
    ),
    "channels": Figure(
        title="Canais",
        formula="Avisos do canal: enviados, entregues, lidos, respondidos, e os enviados após os quais o caso pagou"
        " algo no prazo (--within dias). Recuperado: recebido após o primeiro aviso, dos casos que o canal contatou (o"
        " mesmo caso conta em cada canal seu). Custo por real: custo ÷ recuperado.",
        source="prices/, e o que os provedores informam",
        query="""
            SELECT channel, sent, delivered, read, answered, coalesce(paid, 0) AS paid, lost, cost,
                   coalesce(received, 0) AS received
            FROM (SELECT channel, count(*) FILTER (WHERE sent) AS sent, count(*) FILTER (WHERE got) AS delivered,
                         count(*) FILTER (WHERE status IN ('read', 'answered')) AS read,
                         count(*) FILTER (WHERE status = 'answered') AS answered,
                         count(*) FILTER (WHERE status IN ('failed', 'bounced', 'blocked')) AS lost,
                         sum(cost) AS cost
                  FROM sendings GROUP BY channel) AS messages
            LEFT JOIN (SELECT channel, sum(received) AS received
                       FROM (SELECT DISTINCT "case", channel, after.received
                             FROM (SELECT "case", sum(amount) AS received
                                   FROM receipts JOIN outcomes USING ("case")
                                   WHERE since AND charged_on <= receipts.paid_on GROUP BY "case") AS after
                             JOIN sendings USING ("case") WHERE sent AND kind = 'rung') AS contacted
                       GROUP BY channel) AS came USING (channel)
            LEFT JOIN (SELECT channel, count(*) AS paid FROM sendings
                       WHERE sent AND EXISTS (SELECT FROM receipts WHERE receipts."case" = sendings."case" AND since
                                              AND amount > 0 AND paid_on BETWEEN at AND at + CAST(:within AS int))
                       GROUP BY channel) AS paying USING (channel)
            ORDER BY channel""",
    ),
    "cost_by_cell": Figure(
        title="Custo por real, por hipótese e por etapa",
        formula="Custo dos avisos da hipótese (ou da etapa) ÷ recebido de casos cujo último aviso até o pagamento era"
        " dela: cada pagamento conta uma vez.",
        source="SEFAZ/AL, seminário de 2018: oito hipóteses, seis etapas; prices/",
        query="""
            SELECT hypothesis, stage, sum(notices)::int AS notices, sum(cost) AS cost,
                   coalesce(sum(received), 0) AS received
            FROM (SELECT hypothesis, stage, count(*) FILTER (WHERE sent) AS notices, sum(cost) AS cost
                  FROM sendings WHERE kind = 'rung' GROUP BY hypothesis, stage) AS sendings_of
            LEFT JOIN (
                SELECT split_part(cell, ' ', 1) AS hypothesis, split_part(cell, ' ', 2) AS stage,
                       sum(amount) AS received
                FROM (SELECT amount, max(cell) OVER (PARTITION BY "case", told) AS cell
                      FROM (SELECT "case", amount, cell, count(cell) OVER (
                                PARTITION BY "case" ORDER BY day, cell IS NULL, step ROWS UNBOUNDED PRECEDING) AS told
                            FROM (SELECT "case", at AS day, step, min(hypothesis || ' ' || stage) AS cell,
                                         CAST(NULL AS numeric) AS amount
                                  FROM sendings WHERE kind = 'rung' AND sent GROUP BY "case", at, step
                                  UNION ALL SELECT "case", paid_on, NULL, NULL, amount
                                  FROM receipts WHERE since) AS events) AS counted) AS after
                WHERE amount IS NOT NULL AND cell IS NOT NULL GROUP BY cell) AS came USING (hypothesis, stage)
            GROUP BY GROUPING SETS ((hypothesis), (stage))
            ORDER BY hypothesis, array_position(
                ARRAY['reminder', 'alert', 'warning', 'notice', 'final_notice', 'suspension'], stage)""",
    ),
    "avoided": Figure(
        title="Impressão e atendimento evitados",
        formula="Cartas: avisos escritos enviados, vezes o custo de uma carta (--letter-cost). Atendimentos: casos que,"
        " depois do primeiro aviso, pagaram, responderam ou parcelaram pelo próprio link, vezes a parte que teria vindo"
        " ao balcão (--counter-share).",
        source="taxas da própria autoridade, informadas ao relatório",
        query="""
            SELECT (SELECT count(*) FROM sendings WHERE sent AND channel <> 'voice') AS letters,
                   (SELECT count(*) FROM outcomes WHERE charged_on IS NOT NULL AND (
                        "case" IN (SELECT receipts."case" FROM receipts JOIN outcomes USING ("case")
                                   WHERE since AND amount > 0 AND charged_on <= receipts.paid_on)
                        OR "case" IN (SELECT "case" FROM replies)
                        OR "case" IN (SELECT "case" FROM agreements WHERE signed_via = 'link' AND signed_on <= :on)
                    )) AS settled""",
    ),
    "calls": Figure(
        title="Chamadas",
        formula="Chamadas de voz que o provedor iniciou, e destas as atendidas.",
        source="SEFAZ/AL, piloto de alertas por voz: 169 chamadas num dia, 92 atendidas",
        query="""
            SELECT count(*) AS started, count(*) FILTER (WHERE got OR picked_up) AS answered
            FROM sendings WHERE channel = 'voice' AND status NOT IN ('claimed', 'queued')""",
    ),
    "promises": Figure(
        title="Promessas de pagamento",
        formula="Prometidas até o dia, pelo meio em que foram feitas, sem as canceladas. Vencidas: cumpridas, cumpridas"
        " em parte ou não cumpridas até ele; o valor cumprido é o que entrou por elas, ÷ o valor das vencidas.",
        source="docs/collections.md",
        query="""
            SELECT channel, count(*) AS given, sum(amount) AS given_amount, count(*) FILTER (WHERE judged) AS matured,
                   coalesce(sum(amount) FILTER (WHERE judged), 0) AS matured_amount,
                   count(*) FILTER (WHERE judged AND state = 'kept') AS kept,
                   coalesce(sum(paid) FILTER (WHERE judged), 0) AS kept_amount,
                   count(*) FILTER (WHERE judged AND state = 'kept_in_part') AS kept_in_part,
                   count(*) FILTER (WHERE judged AND state = 'broken') AS broken
            FROM (SELECT promises.*, state IN ('kept', 'kept_in_part', 'broken') AND decided_on <= :on AS judged
                  FROM members JOIN promises USING ("case") WHERE made_on <= :on AND state <> 'cancelled') AS made
            GROUP BY channel ORDER BY channel""",
    ),
    "call_centre": Figure(
        title="Central de Cobrança, à parte",
        formula="Casos a cobrar por quem falou com o contribuinte: com promessa (promised), atendidos por uma pessoa"
        " sem prometer (spoken), ou só pela régua (ruler); pagantes e recebido desde o primeiro destes contatos, e da"
        " régua desde a abertura. Ninguém foi sorteado para ser atendido: um indício, e não uma prova.",
        source="SEFAZ/AL, Central de Cobrança; docs/collections.md",
        query="""
            SELECT by_whom, count(*) AS cases, sum(owed) AS owed, count(*) FILTER (WHERE received > 0) AS payers,
                   sum(received) AS received
            FROM (SELECT owed, CASE WHEN promised_on IS NOT NULL THEN 'promised'
                                    WHEN spoken_on IS NOT NULL THEN 'spoken' ELSE 'ruler' END AS by_whom,
                         coalesce((SELECT sum(amount) FROM receipts
                                   WHERE receipts."case" = outcomes."case" AND since
                                     AND receipts.paid_on >= coalesce(least(promised_on, spoken_on), opened_on)), 0)
                             AS received
                  FROM outcomes
                  LEFT JOIN (SELECT "case", min(made_on) AS promised_on FROM promises
                             WHERE made_on <= :on AND state <> 'cancelled' GROUP BY "case") AS promised USING ("case")
                  LEFT JOIN (SELECT tasks."case", min(calls.at) AS spoken_on
                             FROM calls JOIN tasks ON tasks.id = calls.task
                             WHERE confirmed_at IS NOT NULL AND channel <> 'office' AND calls.at <= :on
                             GROUP BY tasks."case") AS spoken USING ("case")
                  WHERE arm <> 'control') AS contacted
            GROUP BY by_whom ORDER BY by_whom""",
    ),
    "delinquency": Figure(
        title="Inadimplência mensal",
        formula="Do que foi declarado (ou corrigido) e venceu no mês, a parte que não foi paga até o vencimento, nos"
        " tributos desta régua. Média e σ (n − 1) dos meses, cada um com o mesmo peso.",
        source="SEFAZ/AL, ICMS: 7,47 % (σ 1,34) de 2012 a 2017, depois 5,01 % (σ 0,33)",
        query="""
            SELECT date_trunc('month', due)::date AS month, sum(coalesce(corrected, declared)) AS due,
                   sum(greatest(coalesce(corrected, declared) - paid_before_due, 0)) AS unpaid
            FROM filings
            WHERE superseded_at IS NULL AND coalesce(corrected, declared) > 0 AND due <= :on
              AND tax IN (SELECT DISTINCT tax FROM cases WHERE cohort = :cohort)
            GROUP BY 1 ORDER BY 1""",
    ),
    "forecast": Figure(
        title="Previsão de 30 dias",
        formula="O próximo passo de cada caso e os que o seguem na régua, se ninguém pagar e toda ciência for do dia do"
        " envio; custo pela tabela de preços, um segmento por SMS e um minuto por chamada.",
        source="a própria régua (models/case/forecast.py)",
        query="""
            SELECT ruler, step.row, step.rung, step.on AS day,
                   coalesce((state ->> 'occurrences')::int, 1) AS occurrences,
                   jsonb_path_query_array(routes, '$[*].channel') AS channels, count(*) AS cases
            FROM cases, jsonb_to_record(next_step) AS step (row text, rung int, "on" date, routes jsonb)
            WHERE cohort = :cohort AND closed_at IS NULL AND next_step ->> 'action' = 'notify'
              AND step.on <= CAST(:on AS date) + 30
            GROUP BY ruler, step.row, step.rung, step.on, occurrences, routes ORDER BY 4, 2, 3, 5, 1""",
    ),
}


def named(figure: str) -> Figure:
    """The figure of that name. Raises Refusal when there is none."""
    if figure not in FIGURES:
        raise Refusal(f"there is no figure {figure}; known are {', '.join(FIGURES)}")
    return FIGURES[figure]


ROOM = """
    SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true),
           CASE WHEN pg_my_temp_schema() = 0 THEN set_config('temp_buffers', '256MB', false) END
"""
"""So that 654,000 cases stay in memory. A session that already had a temporary table keeps the buffers it has."""


def prepare(connection: Connection, question: Question) -> None:
    """Read the relations once for all figures, until the transaction ends."""
    connection.execute(text(ROOM))
    for name, query in RELATIONS.items():
        connection.execute(text(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}"), question.asked_by(query))
        connection.execute(text(f"ANALYZE {name}"))


FigureRow = dict[str, Any]
"""A row of a figure, whose columns are those of its query: each figure has its own."""


def read_figure(connection: Connection, figure: str, question: Question) -> list[FigureRow]:
    """The rows of a figure, once the relations are prepared."""
    query = FIGURES[figure].query
    return [dict(row) for row in connection.execute(text(query), question.asked_by(query)).mappings()]


def whole_query(figure: str, question: Question) -> str:
    """A figure's query as anybody may run it in psql: what was asked is written in."""
    whole = with_relations(FIGURES[figure].query)
    asked = text(whole).bindparams(**question.asked_by(whole))
    return str(asked.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))


def with_relations(query: str) -> str:
    """A query with the relations it needs before it, for a reader of one alone."""
    needed: dict[str, str] = {}
    for name, relation in reversed(list(RELATIONS.items())):
        if re.search(rf"\b{name}\b", " ".join([query, *needed.values()])):
            needed[name] = relation
    parts = [f"{name} AS ({_aligned(needed[name], 4)}\n)" for name in reversed(needed)]
    before = f"WITH {', '.join(parts)}" if parts else ""
    return f"{before}{_aligned(query, 0)};".lstrip()


def _aligned(query: str, indent: int) -> str:
    lines = query.strip("\n").rstrip().splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "".join(f"\n{' ' * indent}{line[margin:]}" for line in lines)
