"""sc.cli.asking: what becomes of errors."""

import argparse

import pytest

from sc.cli.asking import asked
from sc.cli.client import Client


def test_reader_that_leaves() -> None:
    """`scctl ... | head` is no error of the daemon's, nor of a file's."""

    def work(_client: Client) -> int:
        raise BrokenPipeError

    options = argparse.Namespace(url="http://127.0.0.1:1", token_file=None)
    with pytest.raises(BrokenPipeError):
        asked(options, work)
