"""Relative links of Markdown files that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token


def broken(files: Iterable[Path]) -> Iterator[str]:
    """One line for each relative link to a missing file or heading: place, link, what is missing."""
    for file in files:
        for line, link in _links(file):
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (file.parent / unquote(address.path)) if address.path else file
            if not target.exists():
                yield f"{file}:{line}: the link '{link}' leads to {target.name}, which is not there: fix or remove it."
            elif address.fragment and target.suffix == ".md" and address.fragment not in headings(target):
                yield f"{file}:{line}: the link '{link}' leads to a heading that is not there: fix or remove it."


def headings(file: Path) -> set[str]:
    """The names that GitHub gives the headings of a file."""
    tokens = MarkdownIt("commonmark").parse(file.read_text(encoding="utf-8"))
    texts = (tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def _links(file: Path) -> Iterator[tuple[int, str]]:
    for token in MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8")):
        line = (token.map or [0])[0] + 1
        for child in token.children or ():
            link = _target(child)
            if link:
                yield line, link


def _target(token: Token) -> str:
    return str(token.attrGet({"link_open": "href", "image": "src"}.get(token.type, "")) or "")
