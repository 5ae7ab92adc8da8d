"""Prescription, from which on a debt can no longer be demanded: five years from its definitive assessment (CTN art.
174)."""

from datetime import timedelta

NEAR = timedelta(days=180)
"""Time for what interrupts it: the registers' notice runs 30 days, and a protest (LC 208/2024) or a court's order to
summon needs months of preparation."""
