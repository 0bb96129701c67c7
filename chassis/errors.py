"""The ways a piece of work can end other than well; one place (chassis.inbox, chassis.asking) decides what follows.

    Exception
    └── Outcome
        ├── Refused         a rule said no: acknowledged and counted; an asker gets the code
        ├── Unprocessable   the message is bad or unknown: dead letter at once, acknowledged
        └── TryLater        something needed is not there yet: redelivered with growing delay, then a dead letter

Anything else that is raised is a bug: redelivered a few times, then a dead letter, logged as an error.
Standard library only, so that a pure domain module may import it.
"""

from __future__ import annotations


class Outcome(Exception):
    """Common ground: a stable code and a sentence for operators.

    Args:
        code: kebab-case, stable; pages and neighbours translate it.
        text: what was expected, what came, what to do. Never a name, a number of a person, or anybody's words.
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text


class Refused(Outcome):
    """A rule said no. Nothing was changed."""


class Unprocessable(Outcome):
    """The message cannot be understood, now or later."""


class TryLater(Outcome):
    """What the work needs is not there yet; the same message will come again."""
