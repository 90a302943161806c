"""A report, read as a browser would: its tags in balance, its tables, its pictures, its text."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from mixtura.report import MixtureReport

VOID = {"meta", "link", "img", "br", "hr", "input"}
_PNG = "data:image/png;base64,"


@dataclass
class Table:
    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    scopes: list[str | None] = field(default_factory=list)

    @property
    def head(self) -> list[str]:
        return self.rows[0]

    @property
    def body(self) -> list[list[str]]:
        return self.rows[1:]

    def column(self, name: str) -> list[str]:
        return [row[self.head.index(name)] for row in self.body]


class Page(HTMLParser):
    """A page that is checked while it is read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[Table] = []
        self.text = ""
        self._cell: list[str] | None = None
        self.feed(html)
        self.close()
        assert self.stack == [], f"not closed: {self.stack}"

    def handle_starttag(self, tag, attrs) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"twice in {tag}: {names}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th", "caption"):
            self._cell = []
            if tag == "th":
                self.tables[-1].scopes.append(dict(attrs).get("scope"))

    def handle_endtag(self, tag) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1] == tag, f"</{tag}> within {self.stack}"
        self.stack.pop()
        if tag in ("td", "th", "caption") and self._cell is not None:
            text = "".join(self._cell).strip()
            self._cell = None
            if tag == "caption":
                self.tables[-1].caption = text
            else:
                self.tables[-1].rows[-1].append(text)

    def handle_data(self, data) -> None:
        if "style" not in self.stack:
            self.text += data
        if self._cell is not None:
            self._cell.append(data)

    def table(self, caption: str) -> Table:
        (found,) = [table for table in self.tables if table.caption.startswith(caption)]
        return found

    def has_table(self, caption: str) -> bool:
        return any(table.caption.startswith(caption) for table in self.tables)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def pictures(self) -> list[bytes]:
        return [b64decode((img["src"] or "").removeprefix(_PNG), validate=True) for img in self.all("img")]


def checked(html: str) -> Page:
    """Return a page that stands by itself: no reference, no script, all that a reader without eyes needs."""
    page = Page(html)
    bare = re.sub(r'"data:[^"]*"', '""', html)
    assert not re.search(r"https?:|//|url\(|@import|<script|<iframe|<object|<base\b", bare, re.IGNORECASE)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    for attributes in page.all("img"):
        assert (attributes["src"] or "").startswith(_PNG)
        assert attributes["alt"]
    for attributes in [*page.all("a"), *page.all("link")]:
        assert (attributes["href"] or "").startswith(("#", "data:,"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a"):
        assert (attributes["href"] or "")[1:] in ids
    assert page.all("html")[0]["lang"] == "en"
    for table in page.tables:
        assert table.caption
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert table.scopes == ["col"] * len(table.head) + ["row"] * len(table.body)
    for png in page.pictures:
        assert png.startswith(b"\x89PNG")
        assert b"tIME" not in png
        assert b"Software" not in png
    return page


def page_of(estimator: Any, X: Any, **options: Any) -> Page:
    """Return the report of an estimator."""
    return checked(MixtureReport(estimator, X, **options).html)
