"""The domain's words in pt-BR, for everything a taxpayer or an analyst's report shows."""

from models.contact.channel import Channel
from models.contact.habits import ContactHabits, DayPart
from models.law.certificate import Certificate, CreditStatus
from models.ruler.schema import Kind, Stage, Tone

TAXES = {
    "OTHER": "dívida ativa da União",
    "SOCIAL-SECURITY": "contribuição previdenciária",
}
"""The lists of PGFN's open data; any other tax goes by the name its authority gave it."""


def tax_in_words(tax: str) -> str:
    """The name by which a taxpayer knows a tax."""
    return TAXES.get(tax, tax)


STAGES = {
    Stage.REMINDER: "lembrete",
    Stage.ALERT: "alerta",
    Stage.WARNING: "advertência",
    Stage.NOTICE: "notificação",
    Stage.FINAL_NOTICE: "última notificação",
    Stage.SUSPENSION: "suspensão de benefícios",
}

TONES = {
    Tone.FRIENDLY: "amistoso",
    Tone.GUIDING: "orientador",
    Tone.FIRM: "firme",
    Tone.FORMAL: "formal",
    Tone.FINAL: "final",
}

KINDS = {
    Kind.NON_PAYMENT: "declarado e não pago",
    Kind.RETURN: "declaração não entregue no prazo",
    Kind.DIVERGENCE: "divergência entre declarado, apurado e pago",
    Kind.ASSESSED: "lançado de ofício e não pago",
    Kind.REGISTERED_DEBT: "débito inscrito em dívida ativa",
}

CHANNELS: dict[Channel, str] = {
    "email": "e-mail",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "messenger": "Messenger",
    "voice": "voz",
    "domicile": "domicílio eletrônico",
    "letter": "carta com AR",
    "gazette": "edital",
}

DAY_PARTS = {DayPart.MORNING: "de manhã", DayPart.AFTERNOON: "à tarde", DayPart.EVENING: "à noite"}


def habits_in_words(habits: ContactHabits) -> str:
    """Habits as one says them of a person: `pagou após aviso por SMS e lê e responde à noite`."""
    named = (
        ("pagou após aviso por", habits.paid_after),
        ("abre o que vem por", habits.opened),
        ("responde por", habits.answered),
    )
    told = [f"{words} {' ou '.join(CHANNELS[each] for each in channels)}" for words, channels in named if channels]
    return " e ".join([*told, *([f"lê e responde {DAY_PARTS[habits.active]}"] if habits.active else [])])


TASKS = {
    "call": "ligar para o contribuinte",
    "objection": "analisar contestação",
    "instalments": "propor parcelamento",
    "contact": "conferir contato",
    "processed": "conferir processamento",
    "suit_suspension": "pedir suspensão da execução",
    "protest_costs": "conferir custas do protesto",
    "registers_removed": "conferir baixa nos cadastros",
    "reassessment": "reavaliar a suspensão de benefícios",
    "prescription": "conferir prescrição",
    "request": "responder pedido",
    "promise": "cobrar promessa não cumprida",
    "debit": "rever o débito automático",
    "call_back": "ligar na hora combinada",
    "collect": "ligar para cobrar",
    "visit": "atender no balcão",
    "interference": "conferir quem mexeu no Temporal",
}

GROUNDS = {
    "moratorium": "moratória (CTN art. 151, I)",
    "deposit": "depósito do montante integral (CTN art. 151, II)",
    "administrative_appeal": "reclamação ou recurso administrativo (CTN art. 151, III)",
    "mandado_de_seguranca": "liminar em mandado de segurança (CTN art. 151, IV)",
    "injunction": "liminar ou tutela antecipada em outra ação (CTN art. 151, V)",
    "agreement": "parcelamento em dia (CTN art. 151, VI)",
    "arbitration": "arbitragem instaurada (CTN art. 151, VII)",
    "transaction": "proposta de transação aceita (CTN art. 151, VIII)",
    "mediation": "acordo de mediação (CTN art. 151, IX)",
    "bond": "seguro-garantia ou fiança bancária aceitos na execução (CTN art. 151, X)",
    "judicial_order": "ordem judicial",
    "bankruptcy": "falência ou recuperação judicial",
    "death": "falecimento",
    "data_under_review": "dados em revisão",
    "tax_benefit": "benefício fiscal",
    "negotiation": "em negociação",
    "guarantee": "garantia",
    "judicial_decision": "suspenso por decisão judicial",
    "unknown_situation": "situação desconhecida",
    "absent_from_extract": "ausente do último extrato",
    "not_yet_registered": "ainda não inscrito em dívida ativa",
    "under_rectification": "inscrição em retificação",
    "prescription": "prescrição a confirmar (CTN art. 156, V)",
    "unusable_row": "linha do extrato que não pôde ser aproveitada",
}

CERTIFICATES = {
    Certificate.NEGATIVE: "Certidão negativa de débitos",
    Certificate.WITH_EFFECT: "Certidão positiva com efeitos de negativa",
}

CREDIT_STATUSES = {
    CreditStatus.NOT_DUE: "ainda não vencido",
    CreditStatus.SUSPENDED: "exigibilidade suspensa (CTN art. 151)",
    CreditStatus.SECURED: "garantido na execução (CTN art. 206)",
    CreditStatus.DEMANDABLE: "vencido e exigível",
    CreditStatus.UNCLEAR: "depende da conferência de uma pessoa",
}

EXTINCTIONS = {
    "payment": "pagamento na origem (CTN art. 156, I)",
    "compensation": "compensação (CTN art. 156, II)",
    "transaction": "transação (CTN art. 156, III)",
    "remission": "remissão (CTN art. 156, IV)",
    "prescription": "prescrição (CTN art. 156, V)",
    "lapse": "decadência (CTN art. 156, V)",
    "deposit_converted": "depósito convertido em renda (CTN art. 156, VI)",
    "advance_payment": "pagamento antecipado e homologado (CTN art. 156, VII)",
    "consignment": "consignação em pagamento (CTN art. 156, VIII)",
    "administrative_decision": "decisão administrativa irreformável (CTN art. 156, IX)",
    "court_decision": "decisão judicial transitada em julgado (CTN art. 156, X)",
    "real_estate": "dação em pagamento de imóvel (CTN art. 156, XI)",
    "arbitral_award": "sentença arbitral (CTN art. 156, XII)",
    "mediation_fulfilled": "mediação cumprida (CTN art. 156, XIII)",
    "cancellation": "cancelamento do lançamento ou da inscrição (CTN arts. 145 e 149)",
}

BASES = {
    "statutory": "devedor contumaz por lei (LC 225/2026, arts. 11 a 13)",
    "ladder": "fim da régua: o descumprimento persistiu em todos os seus degraus",
}

STATUTE = "devedor contumaz por lei: {finding}"
LADDER = "fim da régua: o descumprimento persistiu em todos os seus degraus, por escolha da régua {label}"
REPEATED = "inadimplência reiterada: {finding}, por escolha da régua {label}"
"""The same about one case; the last where the thresholds of LC 225/2026 are met and the authority can't use it yet."""

REQUESTS = {
    "reassessment": "pedido de reavaliação",
    "appeal": "recurso",
    "automated_review": "pedido de revisão de decisão automatizada",
    "access": "pedido de acesso aos dados",
    "correction": "pedido de correção dos dados",
    "contest": "contestação",
    "charge_remission": "pedido de dispensa de encargos",
    "question": "dúvida",
}

CONTESTS = {
    "paid": "já paguei",
    "amount": "o valor ou o período está errado",
    "not_mine": "não sou o responsável pelo débito ou pela declaração",
    "suspended": "está parcelado, suspenso ou em discussão",
    "other": "outro motivo",
}
"""Why a taxpayer contests, by what he chooses on his page."""

CAUSES = {
    "order_to_cite": "despacho que ordena a citação (CTN art. 174, § 1º, I)",
    "cda_protest": "protesto extrajudicial da CDA (CTN art. 174, § 1º, II)",
    "judicial_protest": "protesto judicial (CTN art. 174, § 1º, II)",
    "judicial_notice": "ato judicial que constitui em mora (CTN art. 174, § 1º, III)",
    "acknowledgement": "reconhecimento do débito (CTN art. 174, § 1º, IV)",
    "agreement_request": "pedido de parcelamento (CTN art. 174, § 1º, IV; Súmula STJ 653)",
    "mediation": "mediação (CTN art. 174, § 1º, na redação da LC 236/2026)",
    "arbitration": "arbitragem (CTN art. 174, § 1º, na redação da LC 236/2026)",
    "suit_closed": "sentença que encerra a execução (CTN art. 174, § 1º, na redação da LC 236/2026)",
    "bankruptcy_information": "informação do crédito na falência (CTN art. 174, § 1º, na redação da LC 236/2026)",
    "extrajudicial_execution": "execução extrajudicial (CTN art. 174, § 1º, na redação da LC 236/2026)",
}
"""The causes that interrupt a prescription."""

PRIOR_STEPS = {
    "registration": "inscrição em dívida ativa (CTN art. 201)",
    "conciliation": "tentativa de conciliação (CNJ 547/2024, art. 2º)",
    "administrative_solution": "conciliação ou solução administrativa (CNJ 547/2024, art. 2º)",
    "protest": "protesto do título (CNJ 547/2024, art. 3º)",
    "protest_exception": "dispensa do protesto por eficiência administrativa (CNJ 547/2024, art. 3º)",
    "credit_bureau_notice": "comunicação aos serviços de proteção ao crédito (CNJ 547/2024, art. 3º)",
    "registry_annotation": "averbação em registro de bens (CNJ 547/2024, art. 3º)",
    "indicated_assets": "indicação de bens penhoráveis (CNJ 547/2024, art. 3º)",
    "cadin_notice": "comunicação do CADIN, 30 dias antes (Lei 14.973/2024)",
}

INTENTS = {
    "pay": "quer pagar",
    "instalments": "quer parcelar",
    "paid": "diz que pagou",
    "objection": "contesta",
    "call": "pede contato",
    "opt_out": "recusa o canal",
    "unclear": "não compreendida",
}

QUEUES = {
    "promises": "promessas não cumpridas",
    "call_backs": "retornos combinados",
    "requests": "pedidos",
    "collection": "cobrança",
    "office": "expediente interno",
    "counter": "balcão",
}

OUTCOMES = {
    "no_answer": "não atendeu",
    "busy": "ocupado",
    "machine": "caixa postal",
    "wrong_number": "número errado",
    "third_person": "atendeu outra pessoa",
    "call_back": "pediu retorno",
    "promise": "prometeu pagar",
    "paid": "diz que já pagou",
    "disputes": "contesta",
    "cannot_pay": "não pode pagar",
    "agrees": "quer parcelar",
    "refuses": "recusa pagar",
    "ceased": "faleceu ou encerrou atividades",
    "opt_out": "não quer mais ligações",
    "done": "feito",
}

PROMISE_STATES = {
    "open": "aberta",
    "kept": "cumprida",
    "kept_in_part": "cumprida em parte",
    "broken": "não cumprida",
    "cancelled": "cancelada",
    "overtaken": "sem efeito",
}

PROMISED_BY = {"phone": "por telefone", "counter": "no balcão", "reply": "em resposta a mensagem"}
"""How a promise was made."""

COMMUNICATIONS = {
    "instalment_reminder": "lembrete de parcela",
    "instalment_alert": "aviso de parcela em atraso",
    "receipt": "recibo de pagamento",
    "correction": "correção de recibo",
    "before_due": "aviso de vencimento próximo",
}

PAID_BY = {"pix": "Pix", "bank": "banco"}
"""How a payment came in."""

AGREEMENT_STATES = {
    "active": "em curso",
    "broken": "rompido",
    "completed": "concluído",
}

COHORT_STATES = {
    "running": "em curso",
    "paused": "pausado",
    "cancelled": "cancelado",
}

ARMS = {
    "ruler": "régua do grupo",
    "rival": "a outra régua",
    "rival_2": "a terceira régua",
    "rival_3": "a quarta régua",
    "control": "grupo de controle",
}

STATUSES = {
    "running": "em curso",
    "on_hold": "em espera",
    "paused": "pausado",
    "unreachable": "sem contato",
    "over_budget": "orçamento esgotado",
    "under_defence": "em defesa",
    "under_review": "em revisão",
    "awaiting_approval": "aguardando aprovação",
    "awaiting_prior_steps": "aguardando providências prévias",
    "to_register": "a inscrever em dívida ativa",
    "amount_unknown": "valor devido não apurado",
    "resolved": "regularizado",
    "benefits_suspended": "benefícios suspensos",
    "referred": "encaminhado",
    "ended": "campanha encerrada",
    "cancelled": "cancelado",
    "control": "controle",
}
