"""With which keys our reports are signed (RFC 6376)."""

import re

from attrs import Attribute, field, frozen

MAX_KEYS = 4
"""Signatures of one mail: one for each algorithm, twice while keys change."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,9}}", re.IGNORECASE | re.ASCII)


def _name(_: object, attribute: "Attribute[str]", value: str) -> None:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a {attribute.name}; write xn-- forms")


def _domain(_: object, attribute: "Attribute[str]", value: str) -> None:
    _name(_, attribute, value)
    if "." not in value:
        raise ValueError(f"{value!r} is not a whole domain")


@frozen(kw_only=True)
class DkimSettings:
    """
    One signature.

    @ivar domain: who signs: the domain of `from`, or one above it.
    @ivar selector: which of its keys; the public one is published at
        `selector._domainkey.domain`, and `scctl check` prints it.
    @ivar key_file: the private key, RSA or Ed25519: PEM, or the single line of Base64
        that dkimpy's dknewkey writes. Nobody but the daemon's user and group may
        read it.
    """

    domain: str = field(validator=_domain)
    selector: str = field(validator=_name)
    key_file: str

    @property
    def published_at(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


def distinct(
    _: object,
    __: "Attribute[tuple[DkimSettings, ...]]",
    value: tuple[DkimSettings, ...],
) -> None:
    """Not too many, and none twice."""
    if len(value) > MAX_KEYS:
        raise ValueError(f"has more than {MAX_KEYS} keys")
    names = [one.published_at.lower() for one in value]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} stands here a second time")
