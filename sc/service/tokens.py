"""The token in the state folder by which `scctl` may do what an operator may."""

import hashlib
import os
import secrets
from pathlib import Path

import attrs

from sc.access import AccessSettings, Right, Token
from sc.store.state_dir import StateDirError

NAME = "admin.token"


def admin_token(path: Path) -> str:
    """
    The token; made at the first start, readable by our own user only.

    @raise StateDirError: it cannot be read or written.
    """
    try:
        if not path.exists():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise StateDirError(f"{path}: {e}") from e
    if len(token) < 32:
        raise StateDirError(f"{path}: holds no token; remove it, and start again")
    return token


def with_admin(settings: AccessSettings, token: str) -> AccessSettings:
    """The configured rights, and all of them for who holds the token."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    ours = Token("scctl", digest, tuple(Right))
    return attrs.evolve(settings, tokens=(*settings.tokens, ours))
