"""Scans and scanners as JSON values. Pure; every number is one that JSON has."""

from math import isfinite
from typing import Any, TypeAlias

from sc.flow import Outcome
from sc.model.decision import Decision, RecipientDecision, ScoredSymbol
from sc.model.status import Health, ScannerStatus, ServerStatus
from sc.model.verdict import ScannerResult, State, Symbol

Json: TypeAlias = dict[str, Any] | list[Any]


def number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return None if value is None or not isfinite(value) else round(value, 4)


def scanner_list(outcome: Outcome) -> list[Any]:
    """`POST /scan`: ecsd's array, in the registry's order, and never a `null`."""
    return [_ecsd(result) for result in outcome.verdict.results]


def _ecsd(result: ScannerResult) -> dict[str, Any]:
    """ecsd's clients look at `fail`, then at `error`; `skipped` is ours."""
    shape: dict[str, Any] = {
        "name": result.scanner,
        "pass": list(result.findings.passed),
        "fail": list(result.findings.flagged),
        "error": [result.error] if result.state is State.ERROR else [],
        "raw": result.findings.raw,
    }
    if result.state is State.SKIPPED:
        shape["skipped"] = result.reason
    return shape


def scan_object(outcome: Outcome) -> dict[str, Any]:
    """`POST /v1/scan`: the most severe decision, and each recipient's own."""
    decision = outcome.decision
    return {
        "id": outcome.message.id,
        "direction": outcome.direction.value,
        **_decision(decision),
        "sentence": decision.sentence,
        "thresholds": {
            "add header": number(decision.add_header_at),
            "reject": number(decision.reject_at),
        },
        "symbols": [_scored(symbol) for symbol in decision.symbols],
        "fields": [[field.name, field.value] for field in decision.fields],
        "recipients": [_recipient(one) for one in outcome.decisions if one.recipient],
        "scanners": [_scanner(result) for result in outcome.verdict.results],
        "seconds": number(outcome.seconds),
        "reused": outcome.verdict.reused,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "action": decision.action.value,
        "reason": decision.reason.value,
        "score": number(decision.score),
    }
    if decision.subject is not None:
        shape["subject"] = decision.subject
    if decision.redirect_to is not None:
        shape["redirect_to"] = decision.redirect_to
    if decision.would is not None:
        shape["would"] = decision.would.value
    return shape


def _recipient(one: RecipientDecision) -> dict[str, Any]:
    return {"recipient": one.recipient, **_decision(one.decision)}


def _scored(symbol: ScoredSymbol | Symbol) -> dict[str, Any]:
    return {
        "name": symbol.name,
        "score": number(symbol.score),
        "options": list(symbol.options),
        "description": symbol.description,
    }


def _symbol(symbol: Symbol) -> dict[str, Any]:
    """A score in the scanner's own scale comes with that scale's threshold."""
    shape = _scored(symbol)
    required = number(symbol.required)
    return shape if required is None else {**shape, "required": required}


def _scanner(result: ScannerResult) -> dict[str, Any]:
    return {
        "name": result.scanner,
        "state": result.state.value,
        "seconds": number(result.seconds),
        "error": result.error,
        "reason": result.reason,
        "symbols": [_symbol(symbol) for symbol in result.findings.symbols],
    }


def all_scanners(statuses: tuple[ScannerStatus, ...]) -> dict[str, Any]:
    """`GET /status/scannersAll`: every scanner that we know, also one that is off."""
    return {"scanners": [status.name for status in statuses]}


def available_scanners(statuses: tuple[ScannerStatus, ...]) -> dict[str, Any]:
    """
    `GET /status/scannersAvailable`: what ecsd tells, but for its configuration.
    `found`: there is, or was, such a scanner; `available`: it would answer now.
    """
    return {"scanners": {status.name: _status(status) for status in statuses}}


def _status(status: ScannerStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "found": status.health not in (Health.ABSENT, Health.OFF),
        "available": status.health is Health.UP,
        "interface": status.interface,
        "state": status.health.value,
        "since": status.since.isoformat(timespec="seconds"),
        "error": status.error,
        "seconds": number(status.seconds),
        "servers": [_server(server) for server in status.servers],
    }


def _server(server: ServerStatus) -> dict[str, Any]:
    """Neither host nor path: its place in `servers` says which one it is."""
    return {
        "interface": server.interface,
        "state": server.health.value,
        "since": server.since.isoformat(timespec="seconds"),
        "error": server.error,
    }
