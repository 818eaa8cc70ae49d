"""The desk that a message's sender chose, if its signatures prove that (RFC 9477)."""

from attrs import frozen

from sc.abuse.contacts.lookup import Found
from sc.abuse.contacts.mailbox import is_nobody, is_registry, mailbox
from sc.content.cfbl import Claim, is_granted, read_claim, worth_verifying
from sc.content.dkim_signature import Signature, read_signatures
from sc.content.dkim_verify import verify
from sc.content.fields import MAX_HEADER, read_fields
from sc.model.complaint import Contact, SenderItem
from sc.model.octets import Octets
from sc.net.dkim_keys import Texts, find_keys
from sc.offload import Offload

_WHAT = "the keys of the sender's signatures"


@frozen
class FeedbackLoops:
    resolver: Texts
    offload: Offload

    async def run(self, content: Octets, found: Found) -> None:
        """Note the sender's desk in `found`, or why it is not heard. Never fails."""
        header = min(len(content), MAX_HEADER)
        claim, signatures = await self.offload(header, _read, content)
        if claim is None or not found.ask(_WHAT):
            return
        problem = _unusable(claim.address)
        if not problem:
            problem = await self._doubt(content, claim, signatures)
        found.end(_WHAT)
        if problem:
            where = f"the CFBL-Address at {claim.domain} is not used"
            found.problems[f"{where}: {problem}"] = None
        else:
            found.sender = _item(claim)

    async def _doubt(
        self, content: Octets, claim: Claim, signatures: tuple[Signature, ...]
    ) -> str:
        """Why the signatures do not prove the claim; "" if they do."""
        keys = await find_keys(self.resolver, (one.key_name for one in signatures))
        results = await self.offload(len(content), verify, content, signatures, keys)
        if is_granted(claim, (r.signature for r in results if r.passed)):
            return ""
        reasons = dict.fromkeys(r.reason for r in results if r.reason)
        return (
            "; ".join(reasons) or "no signature of its domain and the author's has it"
        )


def _read(content: Octets) -> tuple[Claim | None, tuple[Signature, ...]]:
    fields = read_fields(content)
    claim = read_claim(fields)
    if claim is None:
        return None, ()
    return claim, worth_verifying(claim, read_signatures(fields))


def _unusable(address: str) -> str:
    if mailbox(address) is None or is_nobody(address):
        return "nobody reads it"
    return "it is a registry's" if is_registry(address) else ""


def _item(claim: Claim) -> SenderItem:
    contact = Contact(
        claim.address,
        source="cfbl",
        reason=f"the sender's own choice (RFC 9477), signed by {claim.author}",
    )
    return SenderItem(claim.author, claim.feedback_id, contact)
