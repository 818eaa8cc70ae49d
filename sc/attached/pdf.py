"""A PDF file: what can be clicked, and what is written (readers make that a link)."""

import io
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from sc.content import plain_links
from sc.model.evidence import Role

MAX_PAGES = 50
"""Pages whose links are read; phishing has one or two."""

MAX_TEXT_PAGES = 5
"""Pages whose text is read, which takes some ten times longer."""

MAX_LINKS = 500
"""Annotations of one page."""


def read(payload: bytes) -> Iterator[tuple[str, Role]]:
    """
    URLs as they stand.

    @raise Exception: whatever pypdf makes of a broken file.
    """
    reader = PdfReader(io.BytesIO(payload))
    if reader.is_encrypted:
        reader.decrypt("")  # Files that everyone can open have an empty password.
    for number, page in zip(range(MAX_PAGES), reader.pages, strict=False):
        for url in _targets(page):
            yield url, Role.NAVIGATES
        if number < MAX_TEXT_PAGES:
            for url in plain_links.find_urls(page.extract_text()):
                yield url, Role.NAVIGATES


def _targets(page: DictionaryObject) -> Iterator[str]:
    """ISO 32000-1 12.6.4.7: URI actions."""
    annotations: Any = _whole(page.get("/Annots"))
    if not isinstance(annotations, list):
        return
    for annotation in annotations[:MAX_LINKS]:
        action = _entry(_whole(annotation), "/A")
        uri = _entry(action, "/URI")
        if isinstance(uri, bytes):
            uri = uri.decode("latin-1")
        if isinstance(uri, str):
            yield uri


def _entry(value: Any, key: str) -> Any:
    return _whole(value.get(key)) if isinstance(value, dict) else None


def _whole(value: Any) -> Any:
    """What an indirect reference leads to."""
    return value.get_object() if hasattr(value, "get_object") else value
