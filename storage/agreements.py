"""Where agreement policies are read from."""

from storage.shelf import Shelf

AGREEMENTS = Shelf("agreements", "policy")
