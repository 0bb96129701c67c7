"""Not for emergencies, no diagnosis, no replacement of a professional's assessment: where it stands. Rule 12.

Source: domain.md section 3, (3).
"""

import html
import re

import pytest

from contracts.base import Language
from services.portal.language import words
from tests.services.portal.town import Town, filled

QUESTIONS = "kysely?kunta=285&vaiva=knee"


def notices(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'data-notice="no-device">([^<]+)<', page)]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("answer", ["no", "yes"], ids=["no red flag", "red flags"])
def test_the_questionnaire_and_the_result_say_what_the_service_is_not(
    town: Town, language: Language, answer: str
) -> None:
    asked = town.resident.get(f"/{language}/{QUESTIONS}").text
    form = {name: answer if value == "no" else value for name, value in filled(asked).items()}
    result = town.resident.post(f"/{language}/{QUESTIONS}", form).headers["location"]
    expected = [words(language)("notice.no_device")]
    assert notices(asked) == expected
    assert notices(town.resident.get(result).text) == expected


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.FI, ["hätätilanteita", "diagnoosia", "ammattihenkilön arviota"]),
        (Language.SV, ["nödsituationer", "diagnos", "yrkesutbildad persons bedömning"]),
        (Language.EN, ["emergencies", "diagnosis", "professional's assessment"]),
    ],
)
def test_all_three_are_said(language: Language, said: list[str]) -> None:
    assert all(part in words(language)("notice.no_device") for part in said)
