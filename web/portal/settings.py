"""The terms of the portal, from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.errors import Refusal
from models.portal.table import PortalTable, read_portal
from storage.catalogue import ROOT, read_file


def portal_from(environment: Mapping[str, str]) -> PortalTable | None:
    """The table of the page, named by REGUA_PORTAL: a file, or one of `portals/`; None where nothing is looked up.
    Raises Refusal with all faults of the file, one a line."""
    named = environment.get("REGUA_PORTAL", "").strip()
    if not named:
        return None
    shipped = {path.stem: path for path in sorted((ROOT / "portals").glob("*.yaml"))}
    choice = f"REGUA_PORTAL is a path, or one of {', '.join(shipped)}"
    read = read_portal(read_file(str(shipped.get(named, Path(named))), "portal's table", choice))
    if read.table is None:
        raise Refusal("\n".join(f"{named}: {fault}" for fault in read.faults))
    return read.table
