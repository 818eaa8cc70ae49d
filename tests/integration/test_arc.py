"""Chains as Mail::DKIM seals them, verified by ours."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sc.content.arc_chain import read_chain
from sc.content.arc_verify import verify_chain
from sc.content.dkim_key import read_record
from sc.content.dkim_verify import Result
from sc.content.fields import read_fields
from tests.fakes.dkim_keys import key_file, rsa_key
from tests.fakes.sealed_mail import seal
from tests.fakes.signed_mail import NEWS, record
from tests.programs import program, run

pytestmark = pytest.mark.peer

SEALS = """
use Mail::DKIM::ARC::Signer;
my ($file, $domain) = @ARGV;
my $signer = Mail::DKIM::ARC::Signer->new(
    Algorithm => 'rsa-sha256', Chain => 'ar', Domain => $domain, SrvId => $domain,
    Selector => 's1', KeyFile => $file, Headers => 'From:To:Subject');
local $/;
$signer->PRINT(<STDIN>);
$signer->CLOSE;
print join("\r\n", $signer->as_strings), "\r\n";
"""


async def sealed(folder: Path, mail: bytes, domain: str) -> bytes:
    """The mail with its first set, by Perl."""
    octets = rsa_key().private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    results = f"Authentication-Results: {domain}; dmarc=pass; arc=none\r\n"
    argv = [program("perl"), "-e", SEALS, key_file(folder, octets), domain]
    done = await run(argv, results.encode() + mail)
    assert b"ARC-Seal: i=" in done.out, done.err
    return done.out + mail


async def test_mixed_chain(tmp_path: Path) -> None:
    """Two makes of sealers on one way agree with us on what they seal."""
    mail = await sealed(tmp_path, NEWS, "first.example")
    mail = seal(mail, "second.example")
    chain = read_chain(read_fields(mail))
    assert chain is not None
    assert chain.sealers == ("second.example", "first.example")
    keys = dict.fromkeys(chain.key_names, read_record(record(tmp_path)))
    assert verify_chain(mail, chain, keys) == (Result.PASS, "")
    changed = mail.replace(b"Bob.", b"Eve.")
    assert verify_chain(changed, chain, keys)[0] is Result.FAIL
