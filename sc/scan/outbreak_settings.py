"""When the spam of a user of ours is an incident, and what follows."""

import re
from enum import Enum
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen
from attrs.validators import and_, ge, le

from sc.scan.settings import is_address

_URL = re.compile(r"https?://[\x21-\x7e]{1,2000}")


class OnOutbreak(Enum):
    NOTIFY = "notify"
    THROTTLE = "throttle"
    BLOCK = "block"


def _some(_instance: object, _attribute: object, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError("must be >= 1")


def _url(_instance: object, _attribute: "Attribute[str]", value: str) -> None:
    if not value:
        return
    if not _URL.fullmatch(value) or not urlsplit(value).hostname:
        raise ValueError("must be an http or https URL")


@frozen(kw_only=True)
class WebhookSettings:
    """
    @ivar url: gets a POST with JSON for each incident; empty: nobody does.
    @ivar token_file: its first line is sent as `Authorization: Bearer`.
    @ivar private: the URL may lead to this host or a private network, and to any
        port.
    """

    url: str = field(default="", validator=_url)
    token_file: str | None = None
    private: bool = False


@frozen(kw_only=True)
class OutbreakSettings:
    """
    When the spam of an authenticated user is an incident, and what follows.

    @ivar spam: a user's spam messages in `window` that make an incident; empty: none.
    @ivar complaints: feedback reports about a user in `window` that make one; empty:
        none.
    @ivar window: seconds.
    @ivar on_outbreak: while it is open; notify: nothing is held back; throttle: the
        user may send `throttle` messages an hour, or what `limits` says if that is
        less; block: all the user's mail is refused.
    @ivar throttle: messages an hour.
    @ivar quiet: seconds without spam, complaint or refused message after which an
        incident closes by itself.
    @ivar keep_days: for which a closed one is kept.
    @ivar notify: address that gets a mail for each incident; needs `abuse_report.from`
        and `.smtp`.
    @ivar content: that mail holds the beginning of a message of the user's, too.
    @ivar webhook: what else is told; needs the same.
    """

    spam: int | None = field(default=20, validator=_some)
    complaints: int | None = field(default=5, validator=_some)
    window: float = field(default=3600.0, validator=and_(ge(60.0), le(86400.0)))
    on_outbreak: OnOutbreak = OnOutbreak.NOTIFY
    throttle: int = field(default=10, validator=ge(1))
    quiet: float = field(default=21600.0, validator=and_(ge(60.0), le(30 * 86400.0)))
    keep_days: float = field(default=90.0, validator=and_(ge(0.0), le(3660.0)))
    notify: str = field(default="", validator=is_address)
    content: bool = False
    webhook: WebhookSettings = WebhookSettings()
