"""deploy/compose.yaml as `docker compose` reads it: with its variables filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
WRITTEN = (DEPLOY / "compose.yaml").read_text()
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:[-?])([^}]*))?\}")


def services(**variables: str) -> dict[str, dict[str, Any]]:
    """Raises KeyError for a variable that is asked for and missing."""

    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return variables.get(name) or default if kind == ":-" else variables[name]

    found: dict[str, dict[str, Any]] = yaml.safe_load(VARIABLE.sub(value, WRITTEN).replace("$$", "$"))["services"]
    return found
