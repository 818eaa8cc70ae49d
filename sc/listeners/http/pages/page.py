"""What every page has: its frame, and what a browser may do with it."""

from collections.abc import Iterator
from pathlib import Path

from twisted.python.filepath import FilePath
from twisted.web.iweb import IRenderable, IRequest
from twisted.web.template import Element, Tag, XMLFile, flattenString, renderer, tags

import sc
from sc.listeners.http.errors import HttpError
from sc.listeners.http.request import HttpRequest

HTML = "text/html; charset=utf-8"
FOLDER = Path(sc.__file__).with_name("web")
_TYPES = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_FILES = {name: (FOLDER / name).read_bytes() for name in _TYPES}

# No script at all, so that a text which slipped through could still do nothing.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
LINKS = (("/", "Home"), ("/status", "Status"), ("/scan", "Scan"))


def static(name: str) -> tuple[bytes, str]:
    """
    A file that pages use, and its media type.

    @raise HttpError: 404, there is none.
    """
    if name not in _FILES:
        raise HttpError(404, "there is nothing at this path")
    return _FILES[name], _TYPES[name]


def template(name: str) -> XMLFile:
    """Of `sc/web/`; read once."""
    return XMLFile(FilePath(str(FOLDER / name)))


class Filled(Element):
    """A template whose slots have their texts."""

    def __init__(self, name: str, **slots: str) -> None:
        super().__init__(template(name))
        self._slots = slots

    def render(self, request: IRequest | None) -> Tag:
        """See `IRenderable`."""
        return tags.transparent(super().render(request)).fillSlots(**self._slots)


class Page(Element):
    """
    The frame.

    @ivar refresh: seconds until the browser loads it again; None: it does not.
    """

    loader = template("page.html")

    def __init__(
        self, title: str, content: IRenderable, path: str, refresh: int | None = None
    ) -> None:
        super().__init__()
        self._title, self._content, self._path = title, content, path
        self._refresh = refresh

    @renderer
    def title(self, _request: IRequest | None, tag: Tag) -> Tag:
        return tag(self._title)

    @renderer
    def content(self, _request: IRequest | None, _tag: Tag) -> IRenderable:
        return self._content

    @renderer
    def refresh(self, _request: IRequest | None, tag: Tag) -> Tag:
        if self._refresh is None:
            return tag
        return tags.meta(**{"http-equiv": "refresh", "content": str(self._refresh)})

    @renderer
    def links(self, _request: IRequest | None, tag: Tag) -> Tag:
        return tag(*self._links())

    def _links(self) -> Iterator[Tag]:
        for path, name in LINKS:
            link = tags.a(name, href=path)
            if path == self._path:
                link.attributes["aria-current"] = "page"
            yield tags.li(link)


async def render(request: HttpRequest, page: Page) -> bytes:
    """The page as octets, with the fields that guard it."""
    request.setHeader("Content-Security-Policy", POLICY)
    # With `no-referrer` the form's Origin would be `null`, and refused.
    request.setHeader("Referrer-Policy", "same-origin")
    return b"<!DOCTYPE html>\n" + await flattenString(None, page)
