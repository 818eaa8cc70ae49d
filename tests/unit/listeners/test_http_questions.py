"""What an operator asks the HTTP door about: contacts, and the story behind an id."""

import pytest

from tests.fakes.http_door import ADMIN_TOKEN, SCAN_TOKEN, STRANGER, Client

ADMIN = f"Authorization: Bearer {ADMIN_TOKEN}"


def test_contacts() -> None:
    """One object for each address; a form is a result of its own."""
    reply = Client().get("/v1/contacts/192.0.2.0%2F24")
    assert reply.status == 200
    assert reply.json == {
        "contacts": [
            {
                "ip": "192.0.2.7",
                "contact": "abuse@isp.example",
                "source": "rdap",
                "reason": "its abuse role",
                "alternatives": ["noc@isp.example"],
                "network": "192.0.2.0/24",
                "form": None,
            },
            {
                "ip": "192.0.2.8",
                "contact": None,
                "source": None,
                "reason": "192.0.2.8: reports are taken at https://isp.example/form",
                "alternatives": [],
                "network": None,
                "form": "https://isp.example/form",
            },
        ]
    }


def test_no_host() -> None:
    """The question was understood, and has no answer."""
    reply = Client().get("/v1/contacts/nowhere.example")
    assert (reply.status, reply.error) == (422, "nowhere.example has no address")


def test_explain() -> None:
    """Everything about a message in one object."""
    found = Client().get("/v1/explain/id-9", ADMIN).json
    assert found["message_id"] == "id-9"
    assert found["lines"] == [{"at": 1000.5, "line": "scanned id=id-9"}]
    assert found["waiting_since"] == 1001.0
    (report,) = found["reports"]
    assert (report["id"], report["state"]) == ("r-1", "deferred")
    assert report["mail_kept"] is True


def test_unknown() -> None:
    """404, as for everything that is not there."""
    reply = Client().get("/v1/explain/%3Cx%2Fy@example.org%3E", ADMIN)
    told = "nothing is known about that id, or no longer"
    assert (reply.status, reply.error) == (404, told)


def test_mail() -> None:
    """As it was sent, or would be; octet for octet."""
    reply = Client().get("/v1/outbox/r-1/mail", ADMIN)
    assert reply.fields["content-type"] == "message/rfc822"
    assert reply.body == b"Subject: r-1\r\n\r\n\xff\r\n"
    gone = Client().get("/v1/outbox/r-2/mail", ADMIN)
    told = "there is no such report, or its mail is deleted"
    assert (gone.status, gone.error) == (404, told)
    assert Client().get("/v1/outbox/r-1/mail").status == 401


def test_lists() -> None:
    """The entries about somebody, and where they stand."""
    assert Client().get("/v1/lists/joe", ADMIN).json == {
        "entries": [
            {
                "list": "deny",
                "entry": "user joe",
                "from": None,
                "until": None,
                "comment": "stolen",
                "origin": "lists.deny",
            }
        ]
    }
    (entry,) = Client().get("/v1/lists/a@x.example", ADMIN).json["entries"]
    assert (entry["from"], entry["until"]) == ("192.0.2.7/32", 86400.0)
    assert Client().get("/v1/lists/jim", ADMIN).json == {"entries": []}


@pytest.mark.parametrize(
    "path", ["/v1/explain/id-9", "/v1/contacts/192.0.2.7", "/v1/lists/joe"]
)
def test_rights(path: str) -> None:
    """The story holds other people's mail; contacts cost registries something."""
    scanner = f"Authorization: Bearer {SCAN_TOKEN}"
    assert Client(peer=STRANGER).get(path).status == 401
    assert Client(peer=STRANGER).get(path, scanner).status == 403
    here = Client().get(path).status
    assert here == (200 if path.startswith("/v1/contacts/") else 401)
