"""Secrets that change without a gap: for a while the new one and the old one are both written, and both hold."""


def newest_first(written: str) -> list[str]:
    """The secrets that a setting holds, between commas or spaces. The first is the one to use, all are to be
    believed."""
    return written.replace(",", " ").split()
