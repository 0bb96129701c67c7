"""What a form may bring, and what is said about what it may not."""

import asyncio
from uuid import UUID

import pytest
from fastapi import Request

from chassis import Refused
from services.portal.forms import Form, clean, email_address, must_hold, phone_number, read_form
from services.portal.guard import must_be_our_origin
from services.portal.language import Language, words

URLENCODED = "application/x-www-form-urlencoded"


def request(body: bytes = b"", **headers: str) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": pairs}, receive)


def read(body: bytes, content_type: str = URLENCODED) -> Form:
    return asyncio.run(read_form(request(body, content_type=content_type)))


def test_fields_are_read_as_they_were_typed() -> None:
    assert read(b"words=%C3%84k%C3%A4+kipu&empty=")["words"] == "Äkä kipu"


def test_a_field_that_did_not_come_is_empty() -> None:
    assert read(b"a=1")["b"] == ""


def test_line_ends_are_plain_and_control_characters_go() -> None:
    assert clean("a\r\nb\rc\x00d\x1be\tf") == "a\nb\ncde\tf"


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(Refused, match="not-a-form"):
        read(b"a=1", content_type)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(Refused, match="not-a-form"):
        read(b"words=%FF%FE")


def test_more_fields_than_any_form_has_are_refused() -> None:
    with pytest.raises(Refused, match="not-a-form"):
        read(b"&".join(b"a=1" for _ in range(101)))


def test_a_form_without_its_one_time_key_is_not_ours() -> None:
    with pytest.raises(Refused, match="form-expired"):
        _ = Form({"key": "not a uuid"}).key


def test_a_key_is_the_same_however_it_is_written() -> None:
    key = "6F0C2B1E-3A51-4A0E-9F43-0D7B9A1C5E11"
    assert Form({"key": key}).key == str(UUID(key))


@pytest.mark.parametrize(("text", "error"), [("", "error.empty"), ("x" * 2001, "error.long"), ("x" * 2000, "")])
def test_words_are_neither_empty_nor_endless(text: str, error: str) -> None:
    form, t = Form(), words(Language.FI)
    must_hold(form, t, words=(text, 2000))
    assert form.errors == ({"words": t(error, n=2000)} if error else {})


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("040", "error.phone"),
        ("0600 12345", "refusal.phone-premium"),
        ("112", "refusal.phone-short"),
    ],
)
def test_why_a_number_is_not_called_is_said_beside_its_field(typed: str, said: str) -> None:
    """Rule 34."""
    form, t = Form({"phone": typed}), words(Language.FI)
    assert phone_number(form, "phone", t) is None
    assert form.errors == {"phone": t(said)}


def test_a_number_is_taken_as_it_is_called() -> None:
    assert phone_number(Form({"phone": "040 123 4567"}), "phone", words(Language.FI)) == "+358401234567"


@pytest.mark.parametrize("typed", ["aino@example.org", " aino.malli+aika@example.co.uk "])
def test_an_address_is_taken(typed: str) -> None:
    assert email_address(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    ["", "aino", "aino@", "@example.org", "a b@example.org", "a@b.org, c@d.org", "a@example.org\nBcc: x@y.org",
     "Aino <a@example.org>", "a@example", "ä@example.org", "a" * 65 + "@example.org", "a@" + "b" * 250 + ".org",
     "aa..da@example.org", ".aada@example.org", "aada.@example.org", "aada@-example.org", "aada@127.0.0.1"],
)  # fmt: skip
def test_what_is_no_single_plain_address_is_not(typed: str) -> None:
    """The last five were taken at the booking once, and never got their confirmation."""
    assert email_address(typed) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://digi.example"},
        {"origin": "HTTPS://DIGI.example"},
        {"sec_fetch_site": "same-origin"},
        {},
    ],
)
def test_a_form_of_our_own_page_passes(headers: dict[str, str]) -> None:
    must_be_our_origin(request(host="digi.example", **headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://digi.example.evil.example"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_form_of_another_site_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="form-expired"):
        must_be_our_origin(request(host="digi.example", **headers))
