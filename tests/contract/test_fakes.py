"""The fakes keep what the real peers keep."""

from collections.abc import AsyncIterator

import pytest_twisted

from tests.contract.clamav import LIMIT, ClamAVContract
from tests.contract.icap import ICAPContract
from tests.contract.maildmarc import MailDMARCContract
from tests.contract.milter import MilterContract
from tests.contract.rspamd import RspamdContract
from tests.contract.spamassassin import SpamAssassinContract
from tests.fakes.clamd import FakeClamd
from tests.fakes.faults import serving
from tests.fakes.icap import FakeICAP
from tests.fakes.maildmarc import FakeMailDMARC
from tests.fakes.milter import FakeMilter
from tests.fakes.rspamd import FakeRspamd
from tests.fakes.spamd import FakeSpamd


class TestFakeClamd(ClamAVContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(lambda: FakeClamd(limit=LIMIT)) as (address, _):
            yield address


class TestFakeSpamd(SpamAssassinContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(FakeSpamd) as (address, _):
            yield address


class TestFakeRspamd(RspamdContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(FakeRspamd) as (address, _):
            yield address


class TestFakeMailDMARC(MailDMARCContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(FakeMailDMARC) as (address, _):
            yield address


class TestFakeMilter(MilterContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(FakeMilter) as (address, _):
            yield address


class TestFakeICAP(ICAPContract):
    @pytest_twisted.async_yield_fixture
    async def address(self) -> AsyncIterator[str]:
        async with serving(FakeICAP) as (address, _):
            yield address
