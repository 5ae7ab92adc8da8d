"""The check that a browser's request comes from our own pages: a cookie goes along from everywhere else too."""

from __future__ import annotations

from fastapi import Request

from web.webhooks.webhook import Refused

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def must_be_same_origin(request: Request) -> None:
    """Refuse what would change something and was sent from another site's page, or by who says nothing of that."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = f"{request.url.scheme}://{request.url.netloc}"
    if site not in (None, "same-origin") or origin not in (None, ours) or (site is None and origin is None):
        raise Refused(403, "the request comes from another site's page, or doesn't say from which")
