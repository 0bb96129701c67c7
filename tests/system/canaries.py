"""What people say and type in the tests that look for it where it must not be."""

from __future__ import annotations

import json
from urllib.parse import quote

from chassis import clock
from chassis.calendar import local_date
from services.portal.practice.people import residents
from services.smoke import RESIDENT, Said

SAID = {
    "fi": Said(
        "Kanarialintu Äyräpää: polvi naksuu kuin kärrynpyörä", "Vastaus kanarialle, hyvä Öhman",
        "kanaria.resident@lintula.example", "Palaute lintulasta: ääni kuului",
    ),
    "sv": Said(
        "Kanariefågel Åström: knät knakar som en kärra", "Svar till fågeln, käre Ågren", "kanarie.sv@fagel.example",
        "Omdöme från fågelbo: rösten hördes",
    ),
    "en": Said(
        "Canarybird Smithers: my knee creaks like a cart", "Reply to the birdie, dear Jones", "canary.en@birds.example",
        "Comment from the birdcage: voice was heard",
    ),
}  # fmt: skip
PHONES = ("+358 40 765 4321", "0407654321", "+358407654321")
CODES = ("010190-934T", "131052-953L", "010105A917A")
ODD = "piilokanaria"
"""Where nobody should say anything: paths, queries, headers, names of fields."""


def canaries() -> list[str]:
    """Everything personal that goes in, whole and in the pieces it might be cut into."""
    texts = [text for said in SAID.values() for text in (said.resident, said.therapist, said.email, said.feedback)]
    pieces = [word.strip(".,:") for text in texts for word in text.replace("@", " ").split() if len(word) > 4]
    (noora,) = (each for each in residents(local_date(clock.now())) if each.key == RESIDENT)
    told = [str(value) for name, value in noora.claims.items() if name != "acr"]
    return sorted({*texts, *pieces, *PHONES, *CODES, noora.shown, *told, ODD})


def spellings(canary: str) -> set[bytes]:
    """How it may be written down."""
    return {
        one.encode(encoding, "replace")
        for one in (canary, json.dumps(canary)[1:-1], quote(canary), quote(canary, safe="@"))
        for encoding in ("utf-8", "latin-1", "utf-16-le")
    } - {b""}


def found(where: bytes, wanted: dict[str, set[bytes]]) -> set[str]:
    return {canary for canary, spelt in wanted.items() if any(each in where for each in spelt)}
