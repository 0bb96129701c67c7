"""The questionnaire: complete answers open a contact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from chassis import Refused, Transaction
from contracts.areas import Area
from contracts.base import Language
from contracts.intake import Question, QuestionnaireView
from contracts.portal import AgeBand, Answer, InterpreterLanguage, OnBehalf
from services.portal import acts, drafts, sessions
from services.portal.acts import Entry
from services.portal.doors import notice_of
from services.portal.forms import Form
from services.portal.language import Words, words
from services.portal.pages.front import WARNED_COOKIE, Picked, Wish, warned, wish_of
from services.portal.pages.page import edge_of, page_of, shown
from services.portal.pages.posted import SEE_OTHER, posted_by_visitor
from services.portal.pages.weighed import lines
from services.portal.questionnaire import out_of_use, questionnaire
from services.portal.refusals import UNPROCESSABLE, status_of
from services.portal.sessions import Opened, Visitor

routes = APIRouter()
AGE = "age"
ACTING_FOR, INTERPRETER = "puolesta", "tulkki"
DRAFT_COOKIE = "draft"
"""Remembers in the browser alone that something was left unfinished: who comes back too late is told it is gone."""


def field_of(question: str) -> str:
    """Name of a question's field: apart from our own fields."""
    return f"q_{question}"


def answers_of(area: Area, asked: QuestionnaireView, form: Form, t: Words) -> tuple[Answer, ...]:
    """The answers, in order; errors in the form for what is missing or no answer at all."""
    if form[AGE] not in set(AgeBand):
        form.errors[AGE] = t("error.age")
    for field, offered in _needs(area).items():
        if form[field] not in ("", *offered):
            form.errors[field] = t("error.pick")
    return given(asked, form, t, first=2)  # the age is the first one


def _needs(area: Area) -> dict[str, tuple[str, ...]]:
    """What a county asks beside the questions, by field: for whom somebody acts, and which interpreter they need."""
    return {ACTING_FOR: area.acting_for, INTERPRETER: area.interpreters}


def given(asked: QuestionnaireView, form: Form, t: Words, *, first: int) -> tuple[Answer, ...]:
    """The answers to what is asked, numbered from `first` on; errors in the form as with `answers_of`."""
    answers = []
    for number, question in enumerate(asked.questions, start=first):
        answer = form[field_of(question.code)]
        if answer in {option.code for option in question.options}:
            answers.append(Answer(question=question.code, answer=answer))
        else:
            form.errors[field_of(question.code)] = t("error.answer", number=number)
    return tuple(answers)


async def _asked(
    request: Request, language: Language, picked: Form, version: str | None = None
) -> tuple[Wish, QuestionnaireView]:
    """What was picked before, and the questions about it: of the version in force, or of the one on the page sent.

    Waits for them patiently: there is no page without them, and nobody is to lose what they have filled in.

    Raises:
        Refused: `unknown-trouble`: the address was made up or has gone out of use.
        Refused: `unknown-questionnaire`: so has the version.
    """
    edge = edge_of(request)
    asked = await questionnaire(edge.ask, language, picked["vaiva"] or None, version=version)
    if not asked.answerable:
        raise out_of_use()
    wish = wish_of(edge, asked, picked, words(language))
    if wish is None:
        raise Refused("unknown-trouble", "no such municipality or trouble")
    return wish, asked


def shown_question(question: Question) -> dict[str, Any]:
    """A question as the page shows it."""
    text, signs = lines(question)
    return {
        "code": field_of(question.code),
        "text": text,
        "lines": signs,
        "options": [(option.code, option.text) for option in question.options],
    }


async def _page(
    request: Request,
    language: Language,
    wish: Wish,
    asked: QuestionnaireView,
    me: Opened,
    form: Form,
    *,
    refused: str = "",
    note: str = "",
) -> Response:
    t = words(language)
    status = status_of(refused) if refused else UNPROCESSABLE if form.errors else 200
    return shown(
        "questionnaire.html",
        page_of(request, language, "/kysely", session=me, query=wish.query, area=wish.area),
        status=status,
        form=form,
        refused=refused,
        note=note,
        version=asked.version,
        questions=[shown_question(one) for one in asked.questions],
        ages=[(band, t(f"age.{band}")) for band in AgeBand],
        acting_for=[(one, t(f"acting_for.{one}")) for one in wish.area.acting_for],
        interpreters=[(one, t(f"interpreter.{one}")) for one in wish.area.interpreters],
        trouble=next(one.text for one in asked.troubles if one.code == wish.trouble),
        municipality=wish.municipality.names.of(language),
        notice=await notice_of(edge_of(request), wish.area),
    )


@routes.get("/{language}/kysely")
async def ask(request: Request, language: Language, picked: Picked) -> Response:
    edge = edge_of(request)
    wish, asked = await _asked(request, language, picked)
    me = await sessions.guest(request)
    if me is None:
        me = await edge.transact(sessions.open_visitor)
    so_far, gone = await _left_unfinished(request, me, wish)
    note = "kept" if so_far else "gone" if gone else ""
    response = await _page(request, language, wish, asked, me, Form(so_far), note=note)
    sessions.put_visitor(response, edge.settings, me)
    if gone:
        sessions.drop_cookie(response, edge.settings, DRAFT_COOKIE)
    return response


async def _left_unfinished(request: Request, me: Visitor, wish: Wish) -> tuple[Mapping[str, str], bool]:
    """What was answered before in this session, and whether something that was left is there no longer."""
    edge, municipality = edge_of(request), wish.municipality.code
    left = request.cookies.get(sessions.cookie_name(edge.settings, DRAFT_COOKIE), "")

    def look(tx: Transaction) -> tuple[Mapping[str, str], bool]:
        so_far = drafts.find(tx, me.session_id, municipality, wish.trouble)
        return so_far, bool(left) and not drafts.is_there(tx, left)

    return await edge.transact(look)


async def _unfinished(
    request: Request,
    language: Language,
    wish: Wish,
    asked: QuestionnaireView,
    me: Visitor,
    form: Form,
    refused: str = "",
) -> Response:
    """The page again; what fits the questions is kept for whoever goes away now and comes back."""
    edge, so_far = edge_of(request), _so_far(wish.area, asked, form)
    response = await _page(request, language, wish, asked, me, form, refused=refused)
    if so_far:
        left = await edge.transact(
            lambda tx: drafts.keep(tx, me.session_id, wish.municipality.code, wish.trouble, so_far)
        )
        sessions.put_cookie(response, edge.settings, DRAFT_COOKIE, str(left))
    return response


def _so_far(area: Area, asked: QuestionnaireView, form: Form) -> dict[str, str]:
    """Codes that were offered, by field: whatever else a form holds is not kept."""
    offered: dict[str, Collection[str]] = {AGE: set(AgeBand), **_needs(area)}
    offered |= {field_of(one.code): {option.code for option in one.options} for one in asked.questions}
    return {name: form[name] for name, codes in offered.items() if form[name] in codes}


@routes.post("/{language}/kysely")
async def answer(
    request: Request,
    language: Language,
    me: Annotated[Visitor, Depends(sessions.visitor)],
    form: Annotated[Form, Depends(posted_by_visitor)],
    picked: Picked,
) -> Response:
    try:
        wish, asked = await _asked(request, language, picked, form["version"] or None)
    except Refused as refused:
        if refused.code != "unknown-questionnaire":
            raise
        wish, asked = await _asked(request, language, picked)  # what is asked now, with the answers that fit it
        return await _unfinished(request, language, wish, asked, me, form, refused.code)
    given = answers_of(wish.area, asked, form, words(language))
    if form.errors:
        return await _unfinished(request, language, wish, asked, me, form)
    edge = edge_of(request)
    entry = Entry(
        municipality=wish.municipality.code,
        language=language,
        trouble=wish.trouble,
        age_band=AgeBand(form[AGE]),
        questionnaire=asked.version,
        answers=given,
        origin=wish.origin,
        on_behalf=OnBehalf(form[ACTING_FOR]) if form[ACTING_FOR] else None,
        interpreter=InterpreterLanguage(form[INTERPRETER]) if form[INTERPRETER] else None,
        warned=warned(request),
    )
    try:
        _, contact_id = await acts.open_contact(edge, me, entry, key=form.key)
    except Refused as refused:
        return await _page(request, language, wish, asked, me, form, refused=refused.code)
    response = RedirectResponse(f"/{language}/asia/{contact_id}", status_code=SEE_OTHER)
    sessions.drop_cookie(response, edge.settings, WARNED_COOKIE)  # this contact carries the warning from here on
    sessions.drop_cookie(response, edge.settings, DRAFT_COOKIE)
    return response
