"""Which addresses are this host's own, public ones included.

A service here may trust whoever comes from here; nobody borrows that through us.
"""

import socket
from contextlib import closing

from sc.model.envelope import IPAddress

_ANY_PORT = 9


def is_own(ip: IPAddress) -> bool:
    """
    Ask the kernel's routes: to reach an own address it takes that same address as
    the source. A UDP socket that is connected sends nothing.
    """
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as asking:
            asking.connect((str(ip), _ANY_PORT))
            source: str = asking.getsockname()[0]
    except OSError:
        return False  # No way leads there.
    return source == str(ip)
