"""Imports: a file is looked over, staged by COPY, and merged in one transaction or not at all."""
