"""Signatures that somebody else made: Mail::DKIM signs, our verifier looks.

Mail::DKIM (Perl, SpamAssassin's) -> sc.content.dkim_verify
"""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from sc.content.dkim_key import read_record
from sc.content.dkim_signature import read_signatures
from sc.content.dkim_verify import verify
from sc.content.fields import read_fields
from tests.fakes.dkim_keys import rsa_key
from tests.fakes.signed_mail import NEWS, record
from tests.programs import program, run

pytestmark = pytest.mark.peer

SIGN = """
use Mail::DKIM::Signer;
my ($method, $key) = @ARGV;
my $signer = Mail::DKIM::Signer->new(Algorithm => "rsa-sha256", Method => $method,
    Domain => "sender.example", Selector => "s1", KeyFile => $key);
local $/;
$signer->PRINT(scalar <STDIN>);
$signer->CLOSE;
print $signer->signature->as_string, "\\r\\n";
"""
BODY = b"Spaces  and\ttabs \t \r\n\r\n\tlast line\r\n\r\n\r\n"


@pytest.mark.parametrize("method", ["simple/simple", "relaxed/relaxed"])
async def test_other_signer(tmp_path: Path, method: str) -> None:
    """We read a signature as its maker meant it, and see what was changed."""
    key = tmp_path / "private.pem"
    key.write_bytes(
        rsa_key().private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
    )
    mail = NEWS + BODY
    done = await run([program("perl"), "-e", SIGN, method, str(key)], stdin=mail)
    assert done.code == 0, done.err
    signed = done.out + mail
    public = read_record(record(tmp_path))
    for content, result in ((signed, "pass"), (signed + b"x", "fail")):
        (one,) = read_signatures(read_fields(content))
        (found,) = verify(content, [one], {one.key_name: public})
        assert found.result.value == result
