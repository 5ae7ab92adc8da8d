"""HTML as a browser would take it apart, for what a page must never do."""

from html.parser import HTMLParser


class Opened(HTMLParser):
    """Tags that are never closed are found, and what would be fetched is collected."""

    VOID = frozenset(("meta", "br", "hr", "img", "link", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.stack.append(tag)
        elif tag == "br":
            self.text += "\n"
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        self.fetched += [given[name] or "" for name in ("src", "srcset", "data", "poster") if name in given]
        self.fetched += [given["href"] or "" for _ in [0] if tag in ("link", "use", "image") and "href" in given]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
