"""The section `cache`: as the original documents it, and as our own page does."""

import re
from pathlib import Path

import pytest

from sc.config.load import Source
from sc.config.schema import Config, load
from sc.net.cache_settings import Backend
from tests.integration.daemon import ROOT

MEMORY = """\
cache:
  backend: memory
  namespace: sc:abuse-cache
  expiration_time: 3600
  cleanup_interval: 3600
"""
REDIS = """\
cache:
  backend: redis
  namespace: sc:abuse-cache
  expiration_time: 3600
  redis:
    server: 127.0.0.1:6379
"""
MEMCACHED = """\
cache:
  backend: memcached
  namespace: sc:abuse-cache
  expiration_time: 3600
  memcached:
    servers:
      - 127.0.0.1:11211
"""


def read(folder: Path, text: str) -> Config:
    (folder / "sc.yaml").write_text(text)
    return load(Source("sc.yaml", folder / "sc.yaml"))


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        (MEMORY, Backend.MEMORY),
        (REDIS, Backend.REDIS),
        (MEMCACHED, Backend.MEMCACHED),
    ],
)
def test_original(tmp_path: Path, text: str, backend: Backend) -> None:
    """The original's files keep working, and what they leave out is the same."""
    found, left_out = read(tmp_path, text).cache, read(tmp_path, "").cache
    assert found.backend is backend
    assert left_out.backend is Backend.MEMORY
    assert found.namespace == left_out.namespace == "sc:abuse-cache"
    assert found.expiration_time == left_out.expiration_time == 3600.0
    assert found.cleanup_interval == left_out.cleanup_interval == 3600.0
    assert found.redis == left_out.redis
    assert found.memcached == left_out.memcached


def test_page(tmp_path: Path) -> None:
    """The examples of docs/reporting.md can be used as they are."""
    page = (ROOT / "docs/reporting.md").read_text()
    examples = re.findall(r"```yaml\n(cache:\n.*?)```", page, re.DOTALL)
    backends = [read(tmp_path, example).cache.backend for example in examples]
    assert backends == [Backend.REDIS, Backend.MEMCACHED]
