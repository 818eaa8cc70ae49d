"""When a message was handed over, as far as somebody whom we trust knows it. Pure."""

from datetime import UTC, datetime

from sc.model.evidence import Evidence, Relay


def arrival(evidence: Evidence, now: datetime) -> datetime | None:
    """
    When the verified relay handed it over: what its Received field says, or now, if
    an MTA told us about the connection while it stood.
    """
    for relay in evidence.relays:
        if relay.verified:
            return instant(relay) or (now if relay.hop is None else None)
    return None


def instant(relay: Relay) -> datetime | None:
    """In UTC; None for what no clock can have shown."""
    date = relay.date
    if date is None or not 1990 <= date.year <= 2200:
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
