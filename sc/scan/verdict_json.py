"""A verdict as octets that another node, or a later message, can be trusted with.

The cache may be written to by others: without our seal over key and value nothing is
read, so that nobody who can write there can have his mail waved through.
"""

import json
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from attrs import field, frozen

from sc.model.verdict import Findings, ScannerResult, State, Symbol

SEAL = 32


@frozen
class VerdictSeal:
    """@ivar secret: the same at all nodes that share a cache."""

    _secret: bytes = field(repr=False)

    def close(self, key: str, results: tuple[ScannerResult, ...]) -> bytes:
        text = json.dumps([_result(r) for r in results], separators=(",", ":"))
        octets = text.encode("ascii")
        return self._mac(key, octets) + octets

    def open(self, key: str, value: bytes) -> tuple[ScannerResult, ...] | None:
        """None for what we did not close under this key."""
        mac, octets = value[:SEAL], value[SEAL:]
        if not compare_digest(mac, self._mac(key, octets)):
            return None
        return tuple(_read_result(shape) for shape in json.loads(octets))

    def _mac(self, key: str, octets: bytes) -> bytes:
        said = blake2b(key=self._secret, digest_size=SEAL, person=b"sc verdict")
        said.update(b"%d %b\n" % (len(key), key.encode()) + octets)
        return said.digest()


def _result(result: ScannerResult) -> list[Any]:
    found = result.findings
    return [
        result.scanner,
        result.state.value,
        result.error,
        result.reason,
        result.seconds,
        [_symbol(symbol) for symbol in found.symbols],
        found.flagged,
        found.passed,
        found.raw,
    ]


def _symbol(symbol: Symbol) -> list[Any]:
    return [
        symbol.name,
        symbol.score,
        symbol.required,
        symbol.options,
        symbol.description,
    ]


def _read_result(shape: list[Any]) -> ScannerResult:
    scanner, state, error, reason, seconds, symbols, flagged, passed, raw = shape
    found = Findings(
        tuple(map(_read_symbol, symbols)), tuple(flagged), tuple(passed), raw
    )
    return ScannerResult(scanner, State(state), found, error, reason, seconds)


def _read_symbol(shape: list[Any]) -> Symbol:
    name, score, required, options, description = shape
    return Symbol(name, score, required, tuple(options), description)
