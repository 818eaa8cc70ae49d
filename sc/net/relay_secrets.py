"""Our user and password for a relay, from the configuration or from a file."""

from sc.net.relay_error import RelayError
from sc.net.relay_settings import RelaySettings
from sc.wire.smtp_auth import MAX_SECRET, Credentials


def credentials(settings: RelaySettings) -> Credentials | None:
    """
    None without a user. The file is read each time: a new password needs no restart.

    @raise RelayError: it cannot be read, or holds no password.
    """
    if settings.user is None:
        return None
    if settings.password_file is None:
        assert settings.password is not None
        return Credentials(settings.user, settings.password)
    try:
        return Credentials(settings.user, first_line(settings.password_file))
    except OSError as e:
        # Not `e` itself: it names the path, and this is shown to who asks for reports.
        raise RelayError(f"password_file cannot be read: {e.strerror}") from e
    except UnicodeDecodeError:
        # From None: it carries the octets.
        raise RelayError("password_file is not UTF-8") from None
    except ValueError as e:
        raise RelayError(f"password_file: {e}") from None


def first_line(path: str) -> str:
    """
    @raise OSError: it cannot be read.
    @raise UnicodeDecodeError: it is not UTF-8.
    """
    with open(path, "rb") as file:  # noqa: PTH123 bounded, which read_bytes is not
        octets = file.read(MAX_SECRET + 2)
    return octets.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8")
