"""The keys that tests encrypt payloads with."""

from workflows.secrecy import Cipher, encrypting

KEYS = "tests:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CIPHER = Cipher({"tests": bytes(range(32))})
CONVERTER = encrypting(CIPHER)
