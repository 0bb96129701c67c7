"""What intake answers about the risk of falling."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from chassis import Answers, Refused, Role, Transaction
from chassis.calendar import age_on, local_date
from contracts.areas import Area, Areas
from contracts.base import Language
from contracts.falls import (
    ChooseFallRoute,
    FallFormsView,
    FallFormView,
    FallMeasuresRecorded,
    FallMeasuresView,
    FallPathwayView,
    FallRiskScreened,
    FallRouteChosen,
    FallRouteView,
    FallScreenView,
    FallWorkView,
    FsqAnswerView,
    FsqScaleView,
    GetFallForms,
    GetFallPathway,
    GetFallWork,
    RecordFallMeasures,
    ScreenFallRisk,
)
from contracts.intake import Option, Question
from services.intake.domain import unknown_contact
from services.intake.falls import domain, store
from services.intake.falls.models import FallMeasures, FallScreen
from services.intake.falls.ruleset import AllFallRules, Asked, FallRules, Form, Rule, Scale, Source
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
    fsq = rules.measures.fsq
    return FallFormsView(
        version=rules.version,
        forms=tuple(_form(rules, one, ask.language) for one in rules.forms),
        sources=sources,
        fsq_scales=tuple(_scale(one, ask.language) for one in fsq.scales),
        fsq_answers=tuple(FsqAnswerView(value=one.value, text=one.text.of(ask.language)) for one in fsq.answers),
    )


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
    theirs = store.same_person(tx, ask.contact_id, contact)
    rules, age = all_rules.current(local_date(tx.now)), _age(tx, vault, contact)
    screens = tuple(_in_words(one, rules, ask.language) for one in store.screens(tx, theirs))
    form = None if age is None else rules.form_of_age(age)
    team = areas.area(contact.area).falls.team_of(contact.municipality) if contact else None
    return FallPathwayView(
        contact_id=ask.contact_id,
        form=form.code if form else None,
        screens=screens,
        review_on=screens[0].review_on if screens else None,
        team=team.names.of(ask.language) if team else "",
        measures=tuple(_measures_view(one) for one in store.measures(tx, theirs)),
        routes=tuple(FallRouteView.model_validate(one.model_dump()) for one in store.routes(tx, theirs)),
    )


@answers(RecordFallMeasures)
def record_fall_measures(ask: RecordFallMeasures, tx: Transaction, all_rules: AllFallRules) -> FallMeasuresView:
    contact = _of_staff(ask.contact_id, tx)
    rules = all_rules.current(local_date(tx.now))
    measured = domain.measure(rules.measures, ask)
    row = store.add_measures(tx, contact, measured, rules)
    told = {"area": contact.area, "municipality": contact.municipality, "instruments": measured.instruments}
    tx.publish(FallMeasuresRecorded.model_validate(row.model_dump() | told))
    tx.audit("change", whom=ask.contact_id, what="fall measures")
    return _measures_view(row)


@answers(ChooseFallRoute)
def choose_fall_route(ask: ChooseFallRoute, tx: Transaction) -> FallRouteView:
    contact = _of_staff(ask.contact_id, tx)
    if not store.is_anything_recorded(tx, store.same_person(tx, ask.contact_id, contact)):
        raise Refused("nothing-recorded", "a way onward follows a form or a visit")
    row = store.add_route(tx, ask)
    told = {"area": contact.area, "municipality": contact.municipality}
    tx.publish(FallRouteChosen.model_validate(row.model_dump() | told))
    tx.audit("change", whom=ask.contact_id, what="fall route")
    return FallRouteView.model_validate(row.model_dump())


@answers(GetFallWork)
def fall_work(_ask: GetFallWork, tx: Transaction) -> FallWorkView:
    tx.viewer.must_be_staff()
    to_meet, to_review = store.to_meet(tx), store.to_review(tx, local_date(tx.now))
    for contact_id in {one.contact_id for one in (*to_meet, *to_review)}:
        tx.audit("read", whom=contact_id, what="fall list")
    return FallWorkView(to_meet=to_meet, to_review=to_review)


def _of_staff(contact_id: UUID, tx: Transaction) -> Contact:
    contact = contact_of(tx.session, contact_id, tx.viewer, lock=True)
    if contact is None or tx.viewer.role is not Role.STAFF:
        raise unknown_contact()
    return contact


def _contact(ask: ScreenFallRisk, tx: Transaction) -> Contact | None:
    """The contact a form is filled in for; None while a resident's own one has not come in."""
    contact = contact_of(tx.session, ask.contact_id, tx.viewer, lock=True)
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
    return age_on(who.birth_date, local_date(tx.now)) if who else None


def _form(rules: FallRules, form: Form, language: Language) -> FallFormView:
    questions = tuple(_question(one, language) for one in rules.asked(form))
    return FallFormView(form=form.code, age_years=form.age_years, questions=questions)


def _scale(scale: Scale, language: Language) -> FsqScaleView:
    items = tuple(Option(code=one.code, text=one.text.of(language)) for one in scale.items)
    return FsqScaleView(code=scale.code, text=scale.text.of(language), items=items)


def _question(asked: Asked, language: Language) -> Question:
    options = tuple(Option(code=one.code, text=one.text.of(language)) for one in asked.options)
    return Question(code=asked.code, text=asked.text.of(language), options=options)


def _view(screen: FallScreen) -> FallScreenView:
    return FallScreenView.model_validate(screen.model_dump())


def _in_words(screen: FallScreen, rules: FallRules, language: Language) -> FallScreenView:
    def text(code: str, among: Iterable[Source | Rule]) -> str:
        return next((one.text.of(language) for one in among if one.code == code), "")

    words = {"source_text": text(screen.source, rules.sources), "rule_text": text(screen.rule, rules.rules)}
    return _view(screen).model_copy(update=words)


def _measures_view(row: FallMeasures) -> FallMeasuresView:
    tug = None if row.tug_hundredths is None else Decimal(row.tug_hundredths) / 100
    return FallMeasuresView.model_validate(row.model_dump() | {"tug_seconds": tug})


def _screened(screen: FallScreen) -> FallRiskScreened:
    held = tuple(code for code, holds in screen.held.items() if holds)
    return FallRiskScreened.model_validate(screen.model_dump() | {"conditions": held})
