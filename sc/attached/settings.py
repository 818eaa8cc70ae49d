"""What the operator may say about links in attachments."""

from importlib.util import find_spec

from attrs import Attribute, field, frozen, validators

from sc.attached.kinds import Kind

NEEDS = {"pdf": ("pypdf",), "qr": ("zxingcpp", "PIL")}
"""Modules that an option needs; each option is an extra of the same name."""


def _installed(_: object, option: "Attribute[bool]", value: bool) -> None:  # noqa: FBT001
    missing = [module for module in NEEDS[option.name] if find_spec(module) is None]
    if value and missing:
        raise ValueError(
            f"needs the module {' and '.join(missing)}: pip install 'sc[{option.name}]'"
        )


@frozen(kw_only=True)
class AttachedSettings:
    """
    Links in attachments. Each message that is reported and has such parts starts one
    process, which sees nothing of the daemon and ends with the message.

    @ivar html: pages that are attached, with what their scripts open.
    @ivar ics: invitations (iCalendar).
    @ivar pdf: PDF files, what can be clicked and what is written; needs
        `pip install 'sc[pdf]'`.
    @ivar qr: QR codes in images; needs `pip install 'sc[qr]'`.
    @ivar parts: attachments of one message that are read.
    @ivar timeout: seconds for all attachments of one message.
    @ivar memory: octets that the process may use.
    """

    html: bool = False
    ics: bool = False
    pdf: bool = field(default=False, validator=_installed)
    qr: bool = field(default=False, validator=_installed)
    parts: int = field(default=20, validator=[validators.ge(1), validators.le(100)])
    timeout: float = field(default=5.0, validator=[validators.gt(0), validators.le(60)])
    memory: int = field(
        default=512 << 20, validator=[validators.ge(128 << 20), validators.le(8 << 30)]
    )

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(kind for kind in Kind if getattr(self, kind.value))
