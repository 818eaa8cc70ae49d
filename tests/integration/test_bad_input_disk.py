"""A disk that is full while the daemon runs: nothing more is taken, nothing is lost.

A limit of the size of files stands for the disk: SQLite cannot write to its files.
"""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE, Daemon, pause
from tests.integration.raw_client import http, talk, transaction
from tests.integration.reports import DESK, SEND, SPAM, World, reporting


@contextmanager
def full_disk(daemon: Daemon) -> Iterator[None]:
    """For this process no file can grow any more."""
    assert daemon.transport is not None
    pid = daemon.transport.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def patient(config: str) -> str:
    return config.replace("wait: 5", f"wait: {PATIENCE:.0f}")


def hasty(config: str) -> str:
    return patient(config).replace("outbox: {", "outbox: {retry_delays: [3], ")


async def post(
    world: World, message: bytes, *fields: str
) -> tuple[int, dict[str, str]]:
    """Status and object of the answer."""
    answer = await talk(world.daemon.ports["http"], http("/", message, *fields))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


async def test_full_and_free_again(tmp_path: Path) -> None:
    """503 and 451 as long as it lasts; who comes again afterwards is served, once."""
    async with reporting(tmp_path, Script(), patient) as world:
        taken = await world.post(SPAM.replace(b"buy", b"before"), SEND)
        assert taken["abuse_report"]["sent"] is True
        with full_disk(world.daemon):
            status, said = await post(world, SPAM, SEND)
            assert (status, list(said)) == (503, ["error"])
            assert said["error"] == "the store cannot be used now"
            said_lmtp = await talk(
                world.daemon.ports["lmtp"],
                transaction(SPAM, recipients=("spam@example.org",)),
            )
            assert b"\r\n451 4." in said_lmtp
            status, found = await post(world, SPAM)
            assert (status, list(found["complaints"])) == (200, [DESK])
        for _ in range(int(PATIENCE / 0.1)):  # Its words come by another way.
            if world.daemon.log.count(f" is not taken: {world.daemon.state}") == 2:
                break
            await pause(0.1)
        else:
            raise AssertionError(world.daemon.log)
        assert len(world.mails) == 1
        status, _ = await post(world, SPAM, SEND)
        assert status == 200
        await world.settles("sent", "sent")
        assert len(world.mails) == 2


async def test_full_when_it_is_due(tmp_path: Path) -> None:
    """What cannot be written down is not sent; it leaves, once, when it can."""
    script = Script(replies={"MAIL": b"451 4.7.1 not now\r\n"})
    async with reporting(tmp_path, script, hasty) as world:
        await world.post(SPAM, SEND)
        await world.settles("deferred")
        with full_disk(world.daemon):
            world.script = Script()
            await world.daemon.saw(f"the outbox's store failed: {world.daemon.state}")
        assert world.mails == []
        await world.stopped()
        await world.restart()  # Else the store is asked again in half a minute.
        await world.settles("sent")
        assert len(world.mails) == 1
