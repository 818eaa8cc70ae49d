"""`listeners:`: a name for each door, and the settings that its protocol has."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

import attrs
import yaml
from attrs import field, frozen

from sc.config.structure import Structurer
from sc.listeners.http.settings import HttpSettings
from sc.listeners.smtp.settings import SmtpSettings
from sc.listeners.spamd.settings import SpamdSettings
from sc.wire.smtp_mail import Dialect

ListenerSettings: TypeAlias = HttpSettings | SpamdSettings | SmtpSettings


class Protocol(Enum):
    HTTP = "http"
    SPAMD = "spamd"
    LMTP = "lmtp"
    SMTP = "smtp"


@frozen
class Listener:
    """
    @ivar enabled: false closes this door.
    @ivar protocol: one of http, spamd, lmtp, smtp; for a name of your own.
    @ivar scanners: those that look at its mail, with what they need, besides those
        that are `required`; empty: all.
    @ivar settings: what the protocol has.
    """

    protocol: Protocol
    settings: ListenerSettings = field(metadata={"flatten": True})
    enabled: bool = True
    scanners: tuple[str, ...] = ()

    @property
    def faces_strangers(self) -> bool:
        """Whether whoever sends the mail can be told to come again."""
        return self.enabled and self.settings.faces_strangers


def _plain(protocol: Protocol) -> ListenerSettings:
    """A listener of this protocol before the operator said anything."""
    match protocol:
        case Protocol.HTTP:
            return HttpSettings()
        case Protocol.SPAMD:
            return SpamdSettings()
        case Protocol.LMTP:
            return SmtpSettings(protocol=Dialect.LMTP)
        case Protocol.SMTP:
            return SmtpSettings(protocol=Dialect.SMTP)


def _on(protocol: Protocol, port: int) -> Listener:
    endpoint = (f"tcp:{port}:interface=127.0.0.1",)
    settings = attrs.evolve(_plain(protocol), endpoint=endpoint)
    return Listener(protocol, settings)


DEFAULTS: Mapping[str, Listener] = {
    "http": _on(Protocol.HTTP, 5000),
    "spamd": _on(Protocol.SPAMD, 5783),
    "lmtp": _on(Protocol.LMTP, 5024),
    "smtp": _on(Protocol.SMTP, 5025),
}


def read_listeners(
    structurer: Structurer, node: yaml.Node | None
) -> dict[str, Listener]:
    """The defaults, with what the file says about each; new names are new doors."""
    listeners = dict(DEFAULTS)
    if node is None:
        return listeners
    for name, child in structurer.mapping(node, "listeners"):
        read = _read(structurer, child, f"listeners.{name}", DEFAULTS.get(name))
        if read is not None:
            listeners[name] = read
    return listeners


def _read(
    structurer: Structurer, node: yaml.Node, path: str, base: Listener | None
) -> Listener | None:
    given = dict(structurer.mapping(node, path))
    named = base.protocol if base else None
    protocol = structurer.read(
        given.pop("protocol", None), Protocol, f"{path}.protocol", named
    )
    enabled = structurer.read(
        given.pop("enabled", None),
        bool,
        f"{path}.enabled",
        base is None or base.enabled,
    )
    scanners = structurer.read(
        given.pop("scanners", None),
        tuple[str, ...],
        f"{path}.scanners",
        base.scanners if base else (),
    )
    if protocol is None:
        structurer.note(f"{path}.protocol", node, "is missing")
        return None
    same = base is not None and base.protocol is protocol
    start = base.settings if base is not None and same else _plain(protocol)
    settings = structurer.read(_rest(node, given), type(start), path, start)
    if enabled and not settings.endpoint:
        structurer.note(f"{path}.endpoint", node, "is missing")
    return Listener(protocol, settings, enabled, scanners)


def _rest(node: yaml.Node, given: Mapping[str, Any]) -> yaml.MappingNode:
    """What is left for the protocol's own settings, with its place in the file."""
    pairs = [
        (key, value)
        for key, value in getattr(node, "value", ())
        if given.get(key.value) is value
    ]
    return yaml.MappingNode(
        "tag:yaml.org,2002:map", pairs, node.start_mark, node.end_mark
    )
