"""What is inside a sealed field: checked at both ends by one class."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.notifications import Recipient
from contracts.portal import VerifiedPerson


@pytest.mark.parametrize(
    "text", ["aada@example.fi", "a@b.fi", "aada.asiakas+aika@posti.example.fi", "o'neil@example.fi", "x_1-y@xn--4ca.fi"]
)
def test_a_plain_address_is_accepted(text: str) -> None:
    assert Recipient(email=text).email == text


@pytest.mark.parametrize(
    "text",
    [
        "aada@example.fi\n",
        "aada@example.fi\r\nBcc: x@example.fi",
        "aada\r@example.fi",
        "aada@exam\nple.fi",
        "aada@example.fi\x00",
        " aada@example.fi",
        "aada @example.fi",
        '"aada asiakas"@example.fi',
        "Aada <aada@example.fi>",
        "aada@example.fi,x@example.fi",
        "aada@example.fi;x@example.fi",
        "aada@@example.fi",
        ".aada@example.fi",
        "aada.@example.fi",
        "aa..da@example.fi",
        "aada@example",
        "aada@example..fi",
        "aada@-example.fi",
        "aada@example-.fi",
        "aada@[127.0.0.1]",
        "aada@127.0.0.1",
        "äidin@example.fi",
        "aada@éxample.fi",
        "aada＠example.fi",
        "@example.fi",
        "a" * 65 + "@example.fi",
        "a@" + "b" * 64 + ".fi",
        "a@" + "b." * 130 + "fi",
        "",
        None,
        7,
        {"email": "aada@example.fi"},
    ],
)
def test_anything_else_is_no_address(text: object) -> None:
    with pytest.raises(ValidationError):
        Recipient.model_validate({"email": text})


@pytest.mark.parametrize(
    ("sealed", "content"),
    [(Recipient, {"email": "Aada <a@b.fi>"}), (VerifiedPerson, {"family_name": "Esimerkki", "birth_date": "x"})],
)
def test_a_refusal_never_quotes_what_is_inside(sealed: type[Recipient | VerifiedPerson], content: object) -> None:
    with pytest.raises(ValidationError) as refused:
        sealed.model_validate(content)
    assert "Aada" not in str(refused.value)
    assert "Esimerkki" not in str(refused.value)
