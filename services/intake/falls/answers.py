"""What intake answers about the risk of falling."""

from __future__ import annotations

from chassis import Answers, Refused, Role, Transaction
from chassis.calendar import local_date
from contracts.areas import Area, Areas
from contracts.base import Language
from contracts.falls import (
    FallFormsView,
    FallFormView,
    FallPathwayView,
    FallRiskScreened,
    FallScreenView,
    GetFallForms,
    GetFallPathway,
    ScreenFallRisk,
)
from contracts.intake import Option, Question
from services.intake.domain import unknown_contact
from services.intake.falls import domain, store
from services.intake.falls.models import FallScreen
from services.intake.falls.ruleset import AllFallRules, Asked, FallRules, Form
from services.intake.identity.store import person
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.store import contact as contact_of

answers = Answers()


@answers(GetFallForms)
def fall_forms(ask: GetFallForms, tx: Transaction, all_rules: AllFallRules) -> FallFormsView:
    today = local_date(tx.now)
    rules = all_rules.current(today)
    sources = tuple(Option(code=one.code, text=one.text.of(ask.language)) for one in rules.sources_on(today))
    forms = tuple(_form(rules, one, ask.language) for one in rules.forms)
    return FallFormsView(version=rules.version, forms=forms, sources=sources)


@answers(ScreenFallRisk)
def screen_fall_risk(
    ask: ScreenFallRisk, tx: Transaction, all_rules: AllFallRules, areas: Areas, vault: Vault
) -> FallScreenView:
    today, by_staff = local_date(tx.now), tx.viewer.role is Role.STAFF
    rules, contact = all_rules.current(today), _contact(ask, tx)
    domain.must_be_current(rules, ask.rules)
    domain.must_be_a_source(rules, ask.source, by_staff=by_staff, on=today)
    if not by_staff:
        earlier = store.last_outcome(tx, ask.contact_id)
        domain.must_be_invited(rules, ask.form, age_years=_age(tx, vault, contact), earlier=earlier)
    area, municipality = _place(ask, contact, areas)
    form = rules.form(ask.form)
    domain.must_fit(rules, form, ask.answers)
    weighed = domain.weigh(rules, form, ask.answers, area.falls)
    screen = store.add_screen(tx, ask, weighed, rules, area=area.code, municipality=municipality)
    tx.publish(_screened(screen))
    if by_staff:
        tx.audit("change", whom=ask.contact_id, what="fall screen")
    tx.hint(contact=ask.contact_id)
    return _view(screen)


@answers(GetFallPathway)
def fall_pathway(
    ask: GetFallPathway, tx: Transaction, all_rules: AllFallRules, areas: Areas, vault: Vault
) -> FallPathwayView:
    contact = contact_of(tx.session, ask.contact_id, tx.viewer)
    if contact is None and tx.viewer.role is not Role.CLIENT:
        raise unknown_contact()
    if tx.viewer.role is Role.STAFF:
        tx.audit("read", whom=ask.contact_id, what="fall prevention")
    screens = tuple(_view(one) for one in store.screens(tx, ask.contact_id, contact))
    age = _age(tx, vault, contact)
    form = None if age is None else all_rules.current(local_date(tx.now)).form_of_age(age)
    team = areas.area(contact.area).falls.team_of(contact.municipality) if contact else None
    return FallPathwayView(
        contact_id=ask.contact_id,
        form=form.code if form else None,
        screens=screens,
        review_on=screens[0].review_on if screens else None,
        team=team.names.of(ask.language) if team else "",
    )


def _contact(ask: ScreenFallRisk, tx: Transaction) -> Contact | None:
    """The contact a form is filled in for; None while a resident's own one has not come in."""
    contact = contact_of(tx.session, ask.contact_id, tx.viewer)
    if contact is None and not (tx.viewer.role is Role.CLIENT and tx.viewer.id == ask.contact_id):
        raise unknown_contact()
    return contact


def _place(ask: ScreenFallRisk, contact: Contact | None, areas: Areas) -> tuple[Area, str]:
    """Whose rules count, and where the person lives: as the contact says, else as told."""
    if contact:
        return areas.area(contact.area), contact.municipality
    area = areas.of_municipality(ask.municipality)
    if area is None:
        raise Refused("unknown-municipality", "the municipality belongs to no county served here")
    return area, ask.municipality


def _age(tx: Transaction, vault: Vault, contact: Contact | None) -> int | None:
    """Years an identified person has turned; None when nobody has identified."""
    who = person(tx.session, vault, contact.contact_id, tx.viewer) if contact else None
    return domain.age_on(who.birth_date, local_date(tx.now)) if who else None


def _form(rules: FallRules, form: Form, language: Language) -> FallFormView:
    questions = tuple(_question(one, language) for one in rules.asked(form))
    return FallFormView(form=form.code, age_years=form.age_years, questions=questions)


def _question(asked: Asked, language: Language) -> Question:
    options = tuple(Option(code=one.code, text=one.text.of(language)) for one in asked.options)
    return Question(code=asked.code, text=asked.text.of(language), options=options)


def _view(screen: FallScreen) -> FallScreenView:
    return FallScreenView.model_validate(screen.model_dump())


def _screened(screen: FallScreen) -> FallRiskScreened:
    held = tuple(code for code, holds in screen.held.items() if holds)
    return FallRiskScreened.model_validate(screen.model_dump() | {"conditions": held})
