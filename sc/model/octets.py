"""A message's octets: a read-only buffer that may lie in memory or in a file.

`bytes` up to 1 MiB; above that an `mmap` of an unlinked file. Both are read by
slicing, `find` and `len`; nothing may assume `bytes`.
"""

from mmap import mmap
from typing import TypeAlias

Octets: TypeAlias = bytes | mmap

IN_MEMORY = 1 << 20
"""Octets above which a message lies in a file."""
