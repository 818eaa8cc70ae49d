"""Whether the seals and the newest signature of an ARC chain are right, the keys being
known (RFC 8617 5.2, steps 4 to 6). Pure CPU work.

dkimpy's own chain is not used: it verifies each old signature, which proves nothing,
and takes the sets in the order in which they stand. Its signatures are.
"""

from collections.abc import Mapping, Sequence

from attrs import evolve

from sc.content.arc_chain import ArcSet, Chain, Signed
from sc.content.dkim_key import PublicKey
from sc.content.dkim_message import can_relax, crlf, prepared, relaxed
from sc.content.dkim_verify import TOO_LARGE, KeyProblem, Result
from sc.content.fields import RawField, header_end, read_fields
from sc.model.octets import Octets

Keys = Mapping[str, PublicKey | KeyProblem]

_ORDER = [b"arc-authentication-results", b"arc-message-signature", b"arc-seal"]


def verify_chain(content: Octets, chain: Chain, keys: Keys) -> tuple[Result, str]:
    """
    PASS, FAIL or TEMPERROR, and why; never raises.

    @param content: within the bounds of `dkim_verify`.
    @param keys: for all of `chain.key_names`.
    """
    _, start = header_end(content)
    newest = chain.sets[-1].signature
    body = crlf(content[start:])
    if newest.tags.get(b"c", b"").endswith(b"/relaxed"):
        if not can_relax(body):
            return Result.PERMERROR, TOO_LARGE
        body = relaxed(body)
    problem = _problem(newest, read_fields(content), body, newest.covers, keys)
    if problem is not None:
        return problem
    for count in range(len(chain.sets), 0, -1):
        problem = _sealed(chain.sets[:count], keys)
        if problem is not None:
            return problem
    return Result.PASS, ""


def _sealed(sets: Sequence[ArcSet], keys: Keys) -> tuple[Result, str] | None:
    """RFC 8617 5.1.1: a seal covers all sets up to its own, the oldest first."""
    fields = [
        raw
        for one in reversed(sets)
        # dkimpy takes fields of one name from the bottom to the top.
        for raw in (one.seal.raw, one.signature.raw, one.results)
    ]
    covered, seal = (_ORDER * len(sets))[:-1], sets[-1].seal
    seal = evolve(seal, tags={**seal.tags, b"c": b"relaxed/relaxed"})
    return _problem(seal, fields[1:], b"", covered, keys)


def _problem(
    signed: Signed,
    fields: Sequence[RawField],
    body: bytes,
    covered: Sequence[bytes],
    keys: Keys,
) -> tuple[Result, str] | None:
    """Why it is not right; None if it is."""
    key = keys[signed.key_name]
    if isinstance(key, KeyProblem):
        temporary = key.result is Result.TEMPERROR
        return Result.TEMPERROR if temporary else Result.FAIL, key.reason
    if key.kind != signed.kind or key.testing:
        return Result.FAIL, "its key is of another kind, or only tried"
    record = key.record

    def text(_name: bytes, timeout: int) -> bytes:  # noqa: ARG001 dkimpy passes it
        return record

    name = signed.raw.name.encode("ascii")
    field = [name, crlf(signed.raw.value) + b"\r\n"]
    try:
        message = prepared(tuple(fields), body)
        right = message.verify_sig(dict(signed.tags), list(covered), field, text)
    except Exception:  # noqa: BLE001 a library that strangers feed
        right = False
    return None if right else (Result.FAIL, "the message was changed")
