"""sc.content.link_hosts: which hosts are asked for, and in which order."""

from ipaddress import ip_address

from sc.content.link_hosts import LinkHost, link_hosts
from sc.content.mime import read


def hosts(*urls: str, ignored: tuple[str, ...] = ()) -> list[str]:
    content = "\r\n".join(["", *urls]).encode()
    return [one.domain for one in link_hosts(read(content), ignored)]


def test_one_for_each_domain() -> None:
    """The registered domain, with the first host that was met."""
    content = b"\r\nhttp://a.evil.co.uk/ http://b.evil.co.uk/\r\n"
    [one] = link_hosts(read(content), ())
    assert one == LinkHost("a.evil.co.uk", "evil.co.uk")


def test_order() -> None:
    """Addresses, then what most links lead to, then as they stand."""
    urls = [f"http://decoy{i}.com/" for i in range(3)]
    urls += ["http://evil.com/1", "http://evil.com/2", "http://9.9.9.9/"]
    assert hosts(*urls) == ["9.9.9.9", "evil.com", *(f"decoy{i}.com" for i in range(3))]


def test_addresses() -> None:
    """As browsers read them, of both versions."""
    content = b"\r\nhttp://0x8.8.8.010/ http://[2606:4700::1111]/\r\n"
    found = [one.ip for one in link_hosts(read(content), ())]
    assert found == [ip_address("8.8.8.8"), ip_address("2606:4700::1111")]


def test_left_out() -> None:
    """Ignored hosts with all below them, pictures, and wrappers around a link."""
    wrapped = "https://www.google.com/url?q=http%3A%2F%2Fevil.com%2F"
    assert hosts("http://a.ours.org/", wrapped, ignored=("ours.org",)) == ["evil.com"]
    page = b'Content-Type: text/html\r\n\r\n<img src="http://pictures.com/x.png">'
    assert link_hosts(read(page), ()) == ()
