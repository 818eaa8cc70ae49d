"""One request to the daemon's HTTP API, with the standard library only."""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

TIMEOUT = 30.0
MAX_OCTETS = 16 << 20
STATE_DIRS = ("/var/lib/sc", "var")


class DaemonError(Exception):
    """The daemon answered no; `status` is the HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class NoDaemonError(Exception):
    """Nobody answers there."""


def token(token_file: str | None, environ: Mapping[str, str]) -> str | None:
    """
    The operator's token: a file, `$SC_TOKEN`, or the state folder's admin.token.

    @raise OSError: the named file cannot be read.
    """
    if token_file:
        return Path(token_file).read_text("ascii").strip()
    if environ.get("SC_TOKEN"):
        return environ["SC_TOKEN"]
    for folder in (environ.get("STATE_DIRECTORY"), *STATE_DIRS):
        path = Path(folder or ".") / "admin.token"
        if folder and os.access(path, os.R_OK):
            return path.read_text("ascii").strip()
    return None


@frozen
class Client:
    url: str
    token: str | None = field(default=None, repr=False)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        timeout: float = TIMEOUT,
    ) -> Any:
        """
        The decoded JSON answer.

        @param body: JSON.
        @param timeout: seconds without an octet.

        @raise DaemonError: an answer that is no success.
        @raise NoDaemonError: no answer.
        """
        answer = self._ask(method, path, body, timeout)
        try:
            return json.loads(answer)
        except ValueError as e:
            raise self._nobody(e) from e

    def fetch(self, path: str) -> bytes:
        """
        A file, as it is.

        @raise DaemonError: an answer that is no success.
        @raise NoDaemonError: no answer.
        """
        return self._ask("GET", path, None, TIMEOUT)

    def _ask(self, method: str, path: str, body: bytes | None, timeout: float) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 the operator names the URL
            self.url.rstrip("/") + path, body, method=method, headers=headers
        )
        # A proxy variable must not send an operator's token elsewhere.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                found: bytes = answer.read(MAX_OCTETS)
                return found
        except urllib.error.HTTPError as e:
            raise DaemonError(e.code, _error_text(e)) from e
        except (OSError, ValueError, http.client.HTTPException) as e:
            raise self._nobody(e) from e

    def _nobody(self, error: Exception) -> NoDaemonError:
        return NoDaemonError(f"no daemon at {self.url}: {_reason(error)}")


def _error_text(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return str(json.loads(error.read(MAX_OCTETS))["error"])
        except (ValueError, KeyError, TypeError, OSError):
            return f"HTTP {error.code}"


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error) or type(error).__name__)
