"""sc.config.schema: the whole configuration, its documentation and its errors."""

import re
from pathlib import Path

import attrs
import pytest

from sc.config.listeners import DEFAULTS, Protocol
from sc.config.load import EMBEDDED, Source
from sc.config.problems import ConfigError
from sc.config.reference import A_NAME, annotated, options
from sc.config.schema import Config, load
from sc.listeners.smtp.settings import SmtpSettings
from sc.scanners.served import ServedSettings
from sc.wire.smtp_mail import Dialect

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BAD = sorted((ROOT / "tests/bad_configs").glob("*.yaml"))
DOORS = {f"listeners.{name}" for name in DEFAULTS}
REWRITE = "run: python -m tests.write_reference"


def load_text(folder: Path, text: str) -> Config:
    path = folder / "sc.yaml"
    path.write_text(text)
    return load(Source("sc.yaml", path))


def test_embedded_defaults() -> None:
    """Without a file the daemon listens on loopback with everything at its default."""
    config = load(Source(EMBEDDED))
    assert list(config.listeners) == ["http", "spamd", "lmtp", "smtp"]
    for listener in config.listeners.values():
        [endpoint] = listener.settings.endpoint
        assert endpoint.endswith(":interface=127.0.0.1")


def test_shipped_file_is_the_defaults() -> None:
    """etc/sc.yaml shows every option as it is without the file."""
    shipped = ROOT / "etc/sc.yaml"
    assert load(Source("etc/sc.yaml", shipped)) == load(Source(EMBEDDED))


def test_shipped_file_and_page_are_current() -> None:
    """The annotated file and the reference page tell today's options."""
    from tests.write_reference import YAML_HEAD, page

    config = load(Source(EMBEDDED))
    assert (ROOT / "etc/sc.yaml").read_text() == annotated(config, YAML_HEAD), REWRITE
    written = (ROOT / "docs/configuration.md").read_text()
    assert written == page(config), REWRITE


def test_every_option_is_explained() -> None:
    """No option without its sentence."""
    for option in options(load(Source(EMBEDDED))):
        named = option.path.startswith("policy.overrides.")
        assert option.sentence or named or option.path in DOORS, option.path


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_bad_values(path: Path) -> None:
    """Every wrong value is told with its line, in one run."""
    expected = {
        number: match[1]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := re.search(r"# error: (.*)", line))
    }
    with pytest.raises(ConfigError) as caught:
        load(Source(path.name, path))
    found = {problem.line: problem.text for problem in caught.value.problems}
    assert found.keys() == expected.keys()
    for line, text in expected.items():
        assert text in found[line], f"{path.name}:{line}"


def test_every_option_has_a_bad_value() -> None:
    """No option takes whatever is written."""
    told: set[str] = set()
    for path in BAD:
        with pytest.raises(ConfigError) as caught:
            load(Source(path.name, path))
        told |= {re.sub(r"\[\d+\]", "[]", p.path) for p in caught.value.problems}
    # What all scanners have is read alike: a bad value of one stands for all.
    common = {place.rpartition(".")[2] for place in told if _of_all(place)}
    for option in options(load(Source(EMBEDDED))):
        place = option.path.replace("listeners.smtp.", "listeners.lmtp.")
        wanted = {place, f"{place}[]", f"{place}[].name"}
        group = option.default is None or place.startswith(("access.", "listeners"))
        group = group or place.endswith(f".{A_NAME}")
        group = group or (_of_all(place) and option.key in common)
        assert wanted & told or group, f"no bad value for {place}"


def _of_all(place: str) -> bool:
    part, _, key = place.partition(".")[2].rpartition(".")
    shared = {attribute.name for attribute in attrs.fields(ServedSettings)}
    return place.startswith("scanners.") and bool(part) and key in shared


def test_listeners_are_merged(tmp_path: Path) -> None:
    """A known door keeps what the file leaves out; a new one needs a protocol."""
    config = load_text(
        tmp_path,
        "listeners:\n"
        "  http: {enabled: false}\n"
        "  lmtp: {position: after_queue, limits: {hops: 20}}\n"
        "  second: {protocol: smtp, endpoint: 'tcp:26:interface=127.0.0.1'}\n",
    )
    assert not config.listeners["http"].enabled
    lmtp = config.listeners["lmtp"].settings
    assert isinstance(lmtp, SmtpSettings)
    assert lmtp.limits.hops == 20
    assert lmtp.endpoint == DEFAULTS["lmtp"].settings.endpoint
    second = config.listeners["second"]
    assert second.protocol is Protocol.SMTP
    assert isinstance(second.settings, SmtpSettings)
    assert second.settings.protocol is Dialect.SMTP


def test_a_known_name_may_change_its_protocol(tmp_path: Path) -> None:
    """`smtp` may speak LMTP; it then starts from LMTP's own defaults."""
    config = load_text(
        tmp_path, "listeners: {smtp: {protocol: lmtp, endpoint: 'tcp:26'}}"
    )
    settings = config.listeners["smtp"].settings
    assert isinstance(settings, SmtpSettings)
    assert settings.protocol is Dialect.LMTP


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("listeners: 3", "sc.yaml:1: listeners: must be a mapping"),
        ("- a", "sc.yaml:1: (top): must be a mapping"),
        ("listeners: {}\nlisteners: {}", "sc.yaml:2: listeners: stands here"),
        (
            "listeners: {lmtp: {position: before_queue}}",
            "sc.yaml:1: listeners.lmtp: position: LMTP",
        ),
    ],
)
def test_wrong_shapes(tmp_path: Path, text: str, line: str) -> None:
    """A file of the wrong shape says so."""
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, text)
    assert str(caught.value).startswith(line)


def test_reports_of_a_door_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped listener would report nothing, in silence."""
    text = (
        "abuse_report:\n  from: a@example.org\n  smtp: 127.0.0.1:25\n"
        "  on:\n    listeners: [trap, lmtp]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, text)
    told = "sc.yaml:5: abuse_report.on.listeners: 'trap' is no listener"
    assert str(caught.value).startswith(told)
    trap = "listeners: {trap: {protocol: smtp, endpoint: 'tcp:2525'}}\n"
    on = load_text(tmp_path, trap + text).abuse_report.on
    assert on.listeners == ("trap", "lmtp")
