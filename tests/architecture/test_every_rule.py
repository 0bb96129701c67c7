"""Every rule of the clinic that is built has a test that names it, and the page of rules is as the tests are."""

from __future__ import annotations

import pytest

from tests.rules import PAGE, Rule, held, numbers, page, rules


def test_the_rules_are_the_38_of_the_clinic() -> None:
    assert [rule.number for rule in rules()] == list(range(1, 39))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.number))
def test_a_rule_that_is_built_is_held_by_a_test_and_no_other(rule: Rule) -> None:
    assert bool(held().get(rule.number)) is rule.built


def test_no_test_names_a_rule_that_is_none() -> None:
    assert set(held()) <= {rule.number for rule in rules()}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make contracts`"


@pytest.mark.parametrize(
    ("docstring", "named"),
    [
        ("Source: rule 16.", {16}),
        ("rules 12 and 13: nobody is assessed.", {12, 13}),
        ("Section 2, rules 3, 5 and 7.", {3, 5, 7}),
        ("rules 14-16", {14, 15, 16}),
        ("As a rule it is 5.", set()),
        (None, set()),
    ],
)
def test_a_docstring_names_rules_by_number(docstring: str | None, named: set[int]) -> None:
    assert numbers(docstring) == named
