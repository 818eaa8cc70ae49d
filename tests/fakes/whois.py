"""A whois server on 127.0.0.1 that can fail, and answers in the registries' shapes.

Names, networks and mailboxes are made up.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.fakes.faults import Fault, FaultyProtocol, refusing, serving

RIPE = """\
% This is the RIPE Database query service.

% Information related to '198.51.100.0 - 198.51.100.255'

% Abuse contact for '198.51.100.0 - 198.51.100.255' is 'abuse@hosting.example'

inetnum:        198.51.100.0 - 198.51.100.255
netname:        HOSTING
admin-c:        AD1-RIPE
remarks:        trouble: noc@hosting.example

person:         Some One
nic-hdl:        AD1-RIPE
e-mail:         someone@hosting.example
"""
APNIC = """\
% [whois.apnic.net]

inetnum:        198.51.100.0 - 198.51.100.255
abuse-c:        AX1-AP

irt:            IRT-HOSTING
e-mail:         help@hosting.example
abuse-mailbox:  abuse@hosting.example
"""
ARIN = """\
# ARIN WHOIS data and services are subject to the Terms of Use

NetRange:       198.51.0.0 - 198.51.255.255
CIDR:           198.51.0.0/16
NetName:        TRANSIT

NetRange:       198.51.100.0 - 198.51.100.255
CIDR:           198.51.100.0/24
NetName:        HOSTING

OrgTechHandle:  NOC1-ARIN
OrgTechEmail:   noc@hosting.example

OrgAbuseHandle: ABUSE1-ARIN
OrgAbuseEmail:  abuse@hosting.example
"""
LACNIC = """\
% Joint Whois - whois.lacnic.net

inetnum:     198.51.100/24
owner:       Hosting
owner-c:     OWN
abuse-c:     ABC

nic-hdl:     OWN
person:      Owner
e-mail:      owner@hosting.example

nic-hdl:     ABC
person:      Desk
e-mail:      desk@hosting.example
"""
AFRINIC = """\
% This is the AfriNIC Whois server.

inetnum:        198.51.100.0 - 198.51.100.255
remarks:        please send abuse reports to abuse@hosting.example

role:           Hosting NOC
e-mail:         hostmaster@hosting.example
"""
REFERRAL = """\
NetRange:       198.51.100.0 - 198.51.100.255
ReferralServer: whois://whois.ripe.net
"""


class WhoisPeer(FaultyProtocol):
    def __init__(self, answers: Mapping[str, bytes], fault: Fault | None) -> None:
        super().__init__(fault)
        self._answers, self._received = answers, b""

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n"):
            query = self._received.decode().removesuffix("\r\n")
            self.answer(self._answers.get(query, b"% no match\r\n"))


@asynccontextmanager
async def serving_whois(
    answers: Mapping[str, bytes], fault: Fault | None = None
) -> AsyncIterator[str]:
    """The address of a server for the time of a test, `host:port`."""
    if fault is Fault.REFUSE:
        async with refusing() as address:
            pass
        yield address
        return
    async with serving(lambda: WhoisPeer(answers, fault)) as (address, _):
        yield address
