"""The numbers by which taxpayers and counters know a debt: by kind, as municipal and state registers have them."""

ACCESS_KEYS = {
    "sql": "setor, quadra e lote do imóvel (IPTU)",
    "ccm": "inscrição no cadastro de contribuintes mobiliários (ISS, taxas)",
    "plate": "placa do veículo (IPVA)",
    "renavam": "RENAVAM (IPVA)",
    "guia": "número da guia (ITBI e outras)",
    "process": "processo administrativo ou judicial",
    "fine": "auto de infração ou multa",
    "registration": "matrícula, de feirante ou de outro permissionário",
    "amlurb": "inscrição na limpeza urbana (TRSS)",
}
"""Each kind, which is the name of its column too, with what it is for those who ask for it."""

BETWEEN, IS = "\x1f", "="
"""Stand between the keys of a row, and between a kind and its value."""
