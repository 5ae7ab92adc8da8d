"""The Portuguese for the words that people type: taken beside the English ones, and suggested with them."""

STATUSES = {
    "running": ("em curso", "andamento", "ativo"),
    "on_hold": ("em espera", "suspensa a exigibilidade", "exigibilidade suspensa"),
    "paused": ("pausado",),
    "unreachable": ("sem contato", "inalcançável"),
    "over_budget": ("orçamento esgotado", "sem orçamento"),
    "under_defence": ("em defesa",),
    "under_review": ("em revisão",),
    "awaiting_approval": ("aguardando aprovação",),
    "awaiting_prior_steps": ("aguardando providências prévias", "aguardando providências"),
    "to_register": ("a inscrever em dívida ativa", "a inscrever"),
    "amount_unknown": ("valor devido não apurado", "valor desconhecido"),
    "resolved": ("regularizado", "resolvido", "quitado"),
    "benefits_suspended": ("benefícios suspensos", "suspenso", "suspensa"),
    "referred": ("encaminhado",),
    "ended": ("campanha encerrada", "encerrado"),
    "cancelled": ("cancelado",),
    "control": ("controle", "grupo de controle"),
}

STAGES = {
    "reminder": ("lembrete",),
    "alert": ("alerta",),
    "warning": ("advertência",),
    "notice": ("notificação",),
    "final_notice": ("última notificação",),
    "suspension": ("suspensão de benefícios", "suspensão"),
}

GROUNDS = {
    "moratorium": ("moratória",),
    "deposit": ("depósito do montante integral", "depósito"),
    "administrative_appeal": (
        "reclamação ou recurso administrativo",
        "reclamação",
        "recurso",
        "recurso administrativo",
    ),
    "mandado_de_seguranca": ("liminar em mandado de segurança", "mandado de segurança"),
    "injunction": ("liminar ou tutela em outra ação", "liminar", "tutela", "tutela antecipada"),
    "agreement": ("parcelamento",),
    "arbitration": ("arbitragem",),
    "transaction": ("transação", "transação aceita"),
    "mediation": ("mediação", "acordo de mediação"),
    "bond": ("seguro-garantia", "fiança bancária", "garantia aceita"),
    "judicial_order": ("ordem judicial",),
    "bankruptcy": ("falência ou recuperação judicial", "falência", "recuperação judicial"),
    "death": ("falecimento", "óbito", "morte"),
    "data_under_review": ("dados em revisão",),
}

CAUSES = {
    "order_to_cite": ("despacho que ordena a citação", "despacho de citação"),
    "judicial_protest": ("protesto judicial",),
    "judicial_notice": ("ato judicial que constitui em mora", "interpelação judicial"),
    "acknowledgement": ("reconhecimento do débito", "confissão"),
    "agreement_request": ("pedido de parcelamento",),
    "mediation": ("mediação",),
    "arbitration": ("arbitragem",),
    "suit_closed": ("sentença que encerra a execução",),
    "bankruptcy_information": ("informação na falência",),
    "extrajudicial_execution": ("execução extrajudicial",),
}
"""A protest of the CDA is a step before a suit."""

REQUESTS = {
    "reassessment": ("reavaliação",),
    "appeal": ("recurso",),
    "automated_review": ("revisão", "revisão de decisão automatizada"),
    "access": ("acesso", "acesso aos dados"),
    "correction": ("correção", "correção dos dados"),
    "contest": ("contestação",),
    "charge_remission": ("dispensa de encargos",),
    "question": ("dúvida",),
}

ANSWERS = {"granted": ("deferido", "acolhido"), "denied": ("indeferido",)}

MISTAKES = {
    "service": ("ciência",),
    "step": ("providência",),
    "ruling": ("decisão", "decisão da defesa"),
    "hardship": ("dificuldade", "impossibilidade de pagar"),
    "interruption": ("interrupção", "interrupção da prescrição"),
    "annulment": ("anulação",),
}

EXTINCTION = {"confirmed": ("confirmada", "confirmado"), "refuted": ("afastada", "refutada")}

ACCESS_KEYS = {
    "inscription": ("inscrição",),
    "sql": ("setor quadra lote", "inscrição imobiliária"),
    "ccm": ("inscrição mobiliária",),
    "plate": ("placa",),
    "renavam": (),
    "guia": ("slip",),
    "process": ("processo",),
    "fine": ("auto de infração", "multa"),
    "registration": ("matrícula",),
    "amlurb": (),
}

WRITE_OFFS = {
    "payment": ("pagamento", "paid", "paid at source", "pago na origem", "quitado", "quitada"),
    "compensation": ("compensação",),
    "transaction": ("transação",),
    "remission": ("remissão", "remitted", "remitido", "remitida"),
    "prescription": ("prescrição", "prescribed", "prescrito", "prescrita"),
    "lapse": ("decadência",),
    "deposit_converted": ("conversão do depósito em renda",),
    "advance_payment": ("pagamento antecipado",),
    "consignment": ("consignação em pagamento",),
    "administrative_decision": ("decisão administrativa",),
    "court_decision": ("decisão judicial",),
    "real_estate": ("dação em pagamento",),
    "arbitral_award": ("sentença arbitral",),
    "mediation_fulfilled": ("mediação cumprida",),
    "cancellation": ("cancelamento", "cancelled", "canceled", "cancelado", "cancelada"),
}

PRIOR_STEPS = {
    "registration": ("inscrição", "inscrição em dívida ativa"),
    "conciliation": ("conciliação", "tentativa de conciliação"),
    "administrative_solution": ("solução administrativa",),
    "protest": ("protesto", "protesto do título"),
    "protest_exception": ("dispensa do protesto",),
    "credit_bureau_notice": ("comunicação aos serviços de proteção ao crédito", "SPC", "Serasa"),
    "registry_annotation": ("averbação", "averbação em registro"),
    "indicated_assets": ("indicação de bens", "bens indicados"),
    "cadin_notice": ("comunicação do CADIN", "CADIN"),
}

RULINGS = {"accepted": ("acolhida", "aceita", "deferida"), "rejected": ("rejeitada", "indeferida")}

TASKS = {
    "call": ("ligar", "ligação", "ligar para o contribuinte"),
    "objection": ("contestação", "analisar contestação"),
    "instalments": ("parcelamento", "propor parcelamento"),
    "contact": ("contato", "conferir contato"),
    "processed": ("processamento", "conferir processamento"),
    "suit_suspension": ("suspensão da execução", "pedir suspensão da execução"),
    "protest_costs": ("custas do protesto", "conferir custas do protesto"),
    "registers_removed": ("baixa nos cadastros", "conferir baixa nos cadastros"),
    "reassessment": ("reavaliação", "reavaliar a suspensão de benefícios"),
    "prescription": ("prescrição", "conferir prescrição"),
    "request": ("pedido", "responder pedido"),
    "promise": ("promessa", "promessa não cumprida"),
    "debit": ("débito automático", "rever o débito automático"),
    "call_back": ("retorno", "retorno combinado"),
    "collect": ("cobrança", "cobrar"),
    "approval": ("aprovação", "decidir a suspensão de benefícios"),
    "visit": ("visita", "balcão"),
    "interference": ("interferência", "conferir quem mexeu no Temporal"),
}

AGREEMENT_STATES = {"active": ("em curso", "ativo"), "broken": ("rompido",), "completed": ("concluído", "quitado")}

LITIGATIONS = {
    "none": ("nenhuma", "não ajuizado"),
    "suit": ("ajuizado", "execução fiscal"),
    "seizure": ("penhora", "arresto"),
    "restriction": ("restrição", "restrição judicial", "indisponibilidade"),
    "frozen": ("bloqueio", "conta bloqueada"),
}

PORTIONS = {"all": ("todos",), "sued": ("ajuizados",), "unsued": ("não ajuizados",)}

IDENTIFICATIONS = {
    "document": ("documento", "documento de identidade"),
    "web_password": ("senha web",),
    "certificate": ("certificado", "certificado digital", "ICP-Brasil"),
}

REGIMES = {"normal": (), "simples": ("simples nacional",), "simei": ("MEI",)}

PAYS = {"slip": ("guia", "boleto"), "cash": ("à vista",), "direct-debit": ("débito em conta", "débito automático")}

PROMISED_BY = {"phone": ("telefone", "por telefone"), "counter": ("balcão", "no balcão"), "reply": ("resposta",)}

QUEUES = {
    "promises": ("promessas",),
    "call_backs": ("retornos",),
    "requests": ("pedidos",),
    "collection": ("cobrança",),
    "approvals": ("aprovações",),
    "office": ("expediente", "expediente interno"),
    "counter": ("balcão",),
}

OUTCOMES = {
    "no_answer": ("não atendeu",),
    "busy": ("ocupado",),
    "machine": ("caixa postal",),
    "wrong_number": ("número errado",),
    "third_person": ("outra pessoa",),
    "call_back": ("retorno",),
    "promise": ("promessa", "prometeu"),
    "paid": ("já pagou",),
    "disputes": ("contesta",),
    "cannot_pay": ("não pode pagar",),
    "agrees": ("quer parcelar", "parcelar"),
    "refuses": ("recusa",),
    "ceased": ("faleceu", "encerrou"),
    "opt_out": ("não quer ligações",),
    "done": ("feito",),
}

PAYMENT_STATES = {
    "matched": ("alocado",),
    "unmatched": ("sem débito conhecido", "não identificado"),
    "excess": ("excedente", "pago a maior"),
    "reversed": ("devolvido", "estornado"),
    "moved": ("movido", "realocado"),
}

SLIP_KINDS = {
    "boleto": ("boleto bancário",),
    "collection": ("arrecadação", "guia"),
}

FILE_STATES = {
    "disagreeing": ("divergente",),
    "applying": ("em aplicação",),
    "applied": ("aplicado",),
}

CORRECTIONS = {
    "unmatched": ("desvinculado",),
    "moved": ("movido", "realocado"),
    "refunded": ("devolvido", "restituído"),
}

ROLES = {"analyst": ("analista",), "supervisor": ("supervisora",), "auditor": ("auditora",), "agent": ("atendente",)}
