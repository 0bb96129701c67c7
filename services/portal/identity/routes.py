"""The doors to and from identity providers: residents from their case page, staff at the desk."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from chassis import Refused, Transaction
from chassis.calendar import local_date
from contracts.base import Language
from contracts.intake import ContactState, ContactView, GetContact
from contracts.non_disclosure import CONCEALED
from contracts.portal import IdentityVerified, VerifiedPerson
from contracts.referrals import GetWaitingReferrals, WaitingReferral
from services.portal import sessions
from services.portal.edge import PASSER_BY, Edge
from services.portal.forms import Form, read_form
from services.portal.identity import domain, store
from services.portal.identity.models import PendingLogin
from services.portal.identity.provider import Departure, Provider
from services.portal.identity.settings import ResidentOidc, StaffOidc
from services.portal.language import preferred
from services.portal.pages.posted import posted_by_visitor
from services.portal.sessions import Staff, Visitor

LOGIN_LIFE = timedelta(minutes=10)
"""From leaving for the provider to coming back."""
RESIDENT_CALLBACK = "/identity/callback"
DESK_CALLBACK = "/desk/callback"
DESK_LOGIN_COOKIE = "login"
"""Binds a desk login to the browser that began it; there is no session yet."""

Word = Annotated[str, Query(max_length=4096)]
Me = Annotated[Visitor, Depends(sessions.visitor)]
Colleague = Annotated[Staff, Depends(sessions.staff)]


routes = APIRouter()


@dataclass(frozen=True, slots=True)
class Relations:
    """What the routes stand on: the edge, and the two providers as they are configured."""

    edge: Edge
    resident: Provider
    resident_oidc: ResidentOidc
    staff: Provider
    staff_oidc: StaffOidc


def _relations(request: Request) -> Relations:
    found: Relations = request.app.state.relations
    return found


Parties = Annotated[Relations, Depends(_relations)]


# A resident identifies for a contact of theirs


@routes.get("/{language}/asia/{contact_id}/tunnistaudu")
async def identify(parties: Parties, language: Language, contact_id: UUID, me: Me) -> Response:
    edge, provider = parties.edge, parties.resident
    contact = await edge.ask(GetContact(contact_id=contact_id), viewer=me.viewer(contact_id))
    if contact.identified:
        return _go(f"/{language}/asia/{contact_id}")
    _must_stay_with_us(contact)
    departure = Departure(language)
    url = await provider.departure_url(departure)
    await edge.transact(lambda tx: _remember(tx, departure, bound_to=_session(me), contact_id=contact_id))
    return _depart(edge, url)


@routes.get(RESIDENT_CALLBACK)
async def identified(
    request: Request, parties: Parties, me: Me, state: Word = "", code: Word = "", iss: Word = "", error: Word = ""
) -> Response:
    edge, provider = parties.edge, parties.resident
    login = await edge.transact(lambda tx: store.take(tx, state, _session(me)))
    request.state.language = Language(login.language)  # a refusal from here on is told in it
    claims = await _claims(edge, provider, login, code=code, iss=iss, error=error)
    today = local_date(edge.clock())
    person = domain.person_of(claims, parties.resident_oidc.claims, today=today, practice=edge.settings.practice)
    contact = await _contact(edge, me, login.contact_id)
    found = await _waiting(edge, person, needed=contact is None)
    waiting = [one for one in found if one.contact_id != login.contact_id]
    if contact is None and not waiting:
        return _go(f"/{login.language}/lahete?ei=1")
    whole: list[ContactView | WaitingReferral] = [*([contact] if contact else []), *waiting]
    renewed = await edge.transact(lambda tx: _verified(tx, edge, me, whole, person))
    response = _go(f"/{login.language}/asia/{whole[0].contact_id}")
    sessions.put_visitor(response, edge.settings, renewed)
    return response


@routes.post("/{language}/lahete")
async def identify_as_sent(
    parties: Parties, language: Language, me: Me, _form: Annotated[Form, Depends(posted_by_visitor)]
) -> Response:
    """Whom a professional has sent identifies for what waits for them, without coming in by another door first."""
    edge, provider = parties.edge, parties.resident
    departure = Departure(language)
    url = await provider.departure_url(departure)
    await edge.transact(lambda tx: _remember(tx, departure, bound_to=_session(me)))
    return _depart(edge, url)


@routes.get("/identity/jwks.json")
async def keys(parties: Parties) -> Response:
    return JSONResponse(parties.resident.keys.public)


# A member of staff logs in at the desk, and out


@routes.get("/desk/login")
async def log_in(request: Request, parties: Parties) -> Response:
    edge, provider = parties.edge, parties.staff
    departure = Departure(preferred(request.headers.get("accept-language", "")))
    url = await provider.departure_url(departure)
    secret = secrets.token_urlsafe(sessions.SECRET_BYTES)
    await edge.transact(lambda tx: _remember(tx, departure, bound_to=_browser(secret)))
    response = _depart(edge, url)
    sessions.put_cookie(response, edge.settings, DESK_LOGIN_COOKIE, secret, lives=LOGIN_LIFE)
    return response


@routes.get(DESK_CALLBACK)
async def logged_in(
    request: Request, parties: Parties, state: Word = "", code: Word = "", iss: Word = "", error: Word = ""
) -> Response:
    edge, provider = parties.edge, parties.staff
    secret = request.cookies.get(sessions.cookie_name(edge.settings, DESK_LOGIN_COOKIE), "")
    login = await edge.transact(lambda tx: store.take(tx, state, _browser(secret)))
    request.state.language = Language(login.language)
    claims = await _claims(edge, provider, login, code=code, iss=iss, error=error)
    who = domain.therapist_of(
        claims, parties.staff_oidc.claims, areas=list(edge.areas), licensed=parties.staff_oidc.licensed
    )
    former = request.cookies.get(sessions.cookie_name(edge.settings, "staff"), "")
    staff = await edge.transact(lambda tx: _admit(tx, who, former))
    response = _go("/desk")
    sessions.drop_cookie(response, edge.settings, DESK_LOGIN_COOKIE)
    sessions.put_staff(response, edge.settings, staff)
    return response


@routes.post("/desk/logout")
async def log_out(request: Request, parties: Parties, me: Colleague) -> Response:
    edge = parties.edge
    me.must_be_meant((await read_form(request))["csrf"])
    await edge.transact(lambda tx: sessions.close_staff(tx, me))
    response = _go("/")
    sessions.drop_staff(response, edge.settings)
    return response


@routes.get("/desk/jwks.json")
async def desk_keys(parties: Parties) -> Response:
    return JSONResponse(parties.staff.keys.public)


async def _claims(edge: Edge, provider: Provider, login: PendingLogin, *, code: str, iss: str, error: str) -> Any:
    """The claims of the answer that belongs to this login.

    Raises:
        Refused: `identity-cancelled` by the person, or as `Provider.redeem` and `domain.check_token`.
    """
    if iss and iss != provider.oidc.issuer:
        raise Refused("identity-refused", "the answer is of another issuer (RFC 9207)")
    if error == "access_denied":
        raise Refused("identity-cancelled", "the person did not identify")
    if error or not code:
        raise Refused("identity-refused", "the provider refused the request")
    claims = await provider.redeem(code, login.verifier)
    expected = domain.Expected(
        issuer=provider.oidc.issuer,
        client_id=provider.oidc.client_id,
        nonce=login.nonce,
        acr_values=provider.oidc.levels,
        now=edge.clock(),
        practice=edge.settings.practice,
    )
    domain.check_token(claims, expected)
    return claims


def _must_stay_with_us(contact: ContactView) -> None:
    """Let only somebody identify whom the unit serves: of others it does not need to know who they are.

    Raises:
        Refused: `identity-not-needed`; `acting-for`: who identifies would be taken for the client they act for.
    """
    if contact.on_behalf:
        raise Refused("acting-for", "somebody acts for the client of this contact; only the client can identify")
    if contact.state is not ContactState.ROUTED:
        raise Refused("identity-not-needed", "the contact was declined")


async def _contact(edge: Edge, me: Visitor, contact_id: UUID | None) -> ContactView | None:
    """The contact somebody has identified for; None for what waits for them, whatever it is.

    Raises:
        Refused: `unknown-contact`, `identity-not-needed`.
    """
    if contact_id is None:
        return None
    contact = await edge.ask(GetContact(contact_id=contact_id), viewer=me.viewer(contact_id))
    _must_stay_with_us(contact)
    return contact


async def _waiting(edge: Edge, person: domain.Person, *, needed: bool) -> Sequence[WaitingReferral]:
    """Referrals that wait for the person. While intake does not answer, none, unless they are what is wanted.

    Raises:
        Refused: `service-unavailable`.
    """
    if person.personal_identity_code is None:
        return ()
    ask = GetWaitingReferrals(personal_identity_code=person.personal_identity_code)
    try:
        return (await edge.read(ask, viewer=PASSER_BY)).referrals
    except Refused:
        if needed:
            raise
        return ()


def _verified(
    tx: Transaction, edge: Edge, me: Visitor, contacts: Sequence[ContactView | WaitingReferral], person: domain.Person
) -> Visitor:
    """Tell who was identified, sealed for the vault; the session is that person's, under a new secret.

    The first of the contacts is what the person identified for; referrals that wait for them come along.
    """
    waiting = [one.contact_id for one in contacts if isinstance(one, WaitingReferral)]
    if waiting and waiting[0] == contacts[0].contact_id:
        me = sessions.take(tx, me, waiting[0])
    renewed = sessions.identify(tx, me, contacts[0].contact_id, person.known_by)
    for contact_id in waiting:
        if contact_id != contacts[0].contact_id:
            renewed = sessions.take(tx, renewed, contact_id)
    for contact in contacts:
        _tell(tx, edge, contact, person)
    return renewed


def _tell(tx: Transaction, edge: Edge, contact: ContactView | WaitingReferral, person: domain.Person) -> None:
    sealed = VerifiedPerson(
        personal_identity_code=person.personal_identity_code,
        family_name=person.family_name,
        given_names=person.given_names,
        birth_date=person.birth_date,
        non_disclosure=person.non_disclosure,
    )
    tx.publish(
        IdentityVerified(
            area=contact.area,
            municipality=CONCEALED if person.non_disclosure else contact.municipality,
            contact_id=contact.contact_id,
            assurance=person.assurance,
            person=edge.seal("intake", sealed.model_dump(mode="json")),
            verified_at=tx.now,
        )
    )


def _admit(tx: Transaction, who: domain.Therapist, former: str) -> Staff:
    """Open a new session of staff; the browser's former one ends."""
    if former and (ended := sessions.find_staff(tx, former)):
        sessions.close_staff(tx, ended)
    return sessions.open_staff(tx, therapist_id=who.therapist_id, name=who.name, areas=who.areas, licensed=who.licensed)


def _remember(tx: Transaction, departure: Departure, *, bound_to: str, contact_id: UUID | None = None) -> None:
    login = PendingLogin(
        state_hash=store.state_hash(departure.state),
        bound_to=bound_to,
        contact_id=contact_id,
        language=departure.language,
        nonce=departure.nonce,
        verifier=departure.verifier,
        expires_at=tx.now + LOGIN_LIFE,
    )
    store.remember(tx, login)


def _session(me: Visitor) -> str:
    return f"session:{me.session_id}"


def _browser(secret: str) -> str:
    return f"browser:{hashlib.sha256(secret.encode()).hexdigest()}"


def _depart(edge: Edge, url: str) -> RedirectResponse:
    """To the provider; to the stand-in by path alone, so that localhost and 127.0.0.1 keep their own cookies."""
    return _go(url.removeprefix(edge.settings.base_url))


def _go(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, headers={"cache-control": "no-store"})
