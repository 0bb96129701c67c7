"""A secret in the browser opens a session; an id, an old secret or the database alone opens none."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from fastapi import Depends
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text

from chassis import Profile, Refused, Role, Settings
from services.portal import sessions
from services.portal.sessions import Visitor
from tests.services.portal.identity_world import World, code_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)

    @world.app.get("/me")
    async def me(me: Annotated[Visitor, Depends(sessions.visitor)], form: str = "") -> Response:
        me.must_be_meant(form)
        return JSONResponse({"contacts": [str(one) for one in me.contacts]})

    yield world
    world.unit.close()


def opened(world: World) -> Visitor:
    visitor = world.do(sessions.open_visitor)
    assert isinstance(visitor, Visitor)
    return visitor


def found(world: World, secret: str) -> Any:
    return world.do(lambda tx: sessions.find_visitor(tx, secret))


def test_a_secret_opens_its_session(world: World) -> None:
    visitor = opened(world)
    assert found(world, visitor.secret).session_id == visitor.session_id


def test_an_id_opens_nothing(world: World) -> None:
    assert found(world, str(opened(world).session_id)) is None


def test_a_secret_has_256_bits_and_is_never_the_same(world: World) -> None:
    secrets = {opened(world).secret for _ in range(20)}
    assert (len(secrets), {len(one) for one in secrets}) == (20, {43})


def test_the_database_holds_no_secret(world: World) -> None:
    visitor = opened(world)
    rows = world.do(lambda tx: tx.session.connection().execute(text("SELECT * FROM visitor_session")).all())
    assert visitor.secret not in str(rows)


def test_a_session_does_not_print_its_secret(world: World) -> None:
    visitor = opened(world)
    assert visitor.secret not in repr(visitor)


def test_a_session_nobody_used_for_a_day_is_over(world: World) -> None:
    visitor = opened(world)
    world.later(timedelta(hours=24))
    assert found(world, visitor.secret) is None


def test_a_session_in_use_lives_on(world: World) -> None:
    visitor = opened(world)
    for _ in range(3):
        world.later(timedelta(hours=23))
        assert found(world, visitor.secret) is not None


def test_a_contact_is_the_sessions_that_opened_it(world: World) -> None:
    visitor, contact = opened(world), uuid4()
    world.do(lambda tx: sessions.own(tx, visitor, contact))
    assert found(world, visitor.secret).viewer(contact).may_see(contact, "10")


def test_owning_twice_is_owning_once(world: World) -> None:
    visitor, contact = opened(world), uuid4()
    for _ in range(2):
        world.do(lambda tx: sessions.own(tx, visitor, contact))
    assert found(world, visitor.secret).contacts == {contact}


def test_another_sessions_contact_cannot_be_taken_over(world: World) -> None:
    contact = uuid4()
    world.do(lambda tx: sessions.own(tx, sessions.open_visitor(tx), contact))
    with pytest.raises(Refused, match="unknown-contact"):
        world.do(lambda tx: sessions.own(tx, sessions.open_visitor(tx), contact))


def test_another_sessions_contact_looks_like_none(world: World) -> None:
    with pytest.raises(Refused, match="unknown-contact"):
        opened(world).viewer(uuid4())


def test_expired_sessions_and_what_they_owned_are_forgotten(world: World) -> None:
    world.has_a_contact()
    world.later(timedelta(hours=24))
    world.do(sessions.forget_expired)
    rows = world.do(lambda tx: tx.session.connection().execute(text("SELECT count(*) FROM visitor_contact")).scalar())
    assert rows == 0


def test_a_session_of_staff_knows_its_counties(world: World) -> None:
    who = uuid4()
    staff = world.do(
        lambda tx: sessions.open_staff(tx, therapist_id=who, name="Aino", areas=["18", "10"], licensed=True)
    )
    again = world.do(lambda tx: sessions.find_staff(tx, staff.secret))
    assert (again.viewer.role, again.viewer.id, again.viewer.areas, again.viewer.licensed) == (
        Role.STAFF,
        who,
        {"10", "18"},
        True,
    )


def test_a_visitors_secret_is_no_secret_of_staff(world: World) -> None:
    visitor = opened(world)
    assert world.do(lambda tx: sessions.find_staff(tx, visitor.secret)) is None


def test_a_form_with_the_sessions_token_is_meant(world: World) -> None:
    visitor = opened(world)
    visitor.must_be_meant(visitor.csrf)


@pytest.mark.parametrize("token", ["", "0" * 64, "ä"])
def test_a_form_without_the_sessions_token_is_not_meant(world: World, token: str) -> None:
    with pytest.raises(Refused, match="form-expired"):
        opened(world).must_be_meant(token)


def test_the_token_does_not_show_the_secret(world: World) -> None:
    visitor = opened(world)
    assert visitor.secret not in visitor.csrf


def test_another_sessions_token_is_not_meant(world: World) -> None:
    with pytest.raises(Refused, match="form-expired"):
        opened(world).must_be_meant(opened(world).csrf)


def test_a_bearer_of_the_secret_needs_no_token(world: World) -> None:
    contact = world.has_a_contact()
    secret = world.browser.cookies["digi-visitor"]
    world.browser.cookies.clear()
    answer = world.browser.get("/me", authorization=f"Bearer {secret}")
    assert answer.json() == {"contacts": [str(contact)]}


def test_a_browser_needs_the_token(world: World) -> None:
    world.has_a_contact()
    assert code_of(world.browser.get("/me")) == "form-expired"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic abc", ""])
def test_a_wrong_bearer_opens_nothing(world: World, header: str) -> None:
    assert code_of(world.browser.get("/me", authorization=header)) == "session-expired"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(), "digi-visitor"),
        (Settings(public_url="https://practice.example"), "__Host-digi-visitor"),
        (
            Settings(
                profile=Profile.PRODUCTION,
                nats_url="tls://nats.example",
                nats_monitor_url="https://nats.example",
                public_url="https://digiterapia.example",
            ),
            "__Host-digi-visitor",
        ),
    ],
    ids=["practice over http", "practice over https", "production"],
)
def test_over_https_a_cookie_is_bound_to_this_host(settings: Settings, name: str) -> None:
    response = Response()
    sessions.put_visitor(response, settings, Visitor(uuid4(), "secret"))
    cookie = response.headers["set-cookie"]
    assert (cookie.startswith(f"{name}=secret"), "Secure" in cookie) == (True, name.startswith("__Host-"))


# Whose a session is, once somebody has identified in it


def two_contacts(world: World) -> tuple[Visitor, UUID, UUID]:
    visitor, first, second = opened(world), uuid4(), uuid4()
    world.do(lambda tx: sessions.own(tx, visitor, first))
    return world.do(lambda tx: sessions.own(tx, visitor, second)), first, second


def identified(world: World, visitor: Visitor, contact: UUID, who: str) -> Visitor:
    renewed = world.do(lambda tx: sessions.identify(tx, visitor, contact, who))
    assert isinstance(renewed, Visitor)
    assert found(world, visitor.secret) is None
    return renewed


def test_identifying_keeps_ones_contacts_under_another_secret(world: World) -> None:
    visitor, first, second = two_contacts(world)
    once = identified(world, visitor, first, "A")
    again = identified(world, once, second, "A")
    assert found(world, again.secret).contacts == {first, second}


def test_another_persons_login_takes_its_own_contact_alone_and_ends_the_former_session(world: World) -> None:
    visitor, first, second = two_contacts(world)
    firsts = identified(world, visitor, first, "A")
    seconds = identified(world, firsts, second, "B")
    assert found(world, seconds.secret).contacts == {second}
    assert seconds.session_id != firsts.session_id
    with pytest.raises(Refused, match="unknown-contact"):
        world.do(lambda tx: sessions.own(tx, seconds, second)).viewer(first)


def test_a_contact_stays_the_first_persons_and_nothing_changes(world: World) -> None:
    visitor, first, second = two_contacts(world)
    firsts = identified(world, visitor, first, "A")
    with pytest.raises(Refused, match="identified-as-another"):
        world.do(lambda tx: sessions.identify(tx, firsts, first, "B"))
    assert found(world, firsts.secret).contacts == {first, second}


def test_of_two_logins_at_the_same_moment_the_later_one_begins_anew(world: World) -> None:
    visitor, first, second = two_contacts(world)
    identified(world, visitor, first, "A")
    with pytest.raises(Refused, match="session-expired"):
        world.do(lambda tx: sessions.identify(tx, visitor, second, "B"))


def test_the_database_does_not_tell_who_identified(world: World) -> None:
    visitor, first, _ = two_contacts(world)
    renewed = identified(world, visitor, first, "210281-9988")
    kept = world.do(lambda tx: tx.session.connection().execute(text("SELECT who_hash FROM visitor_session")).scalar())
    stored = b"".join(file.read_bytes() for file in world.edge.settings.data_dir.glob("portal.db*"))
    assert b"210281-9988" not in stored
    assert kept == hmac.digest(renewed.secret.encode(), b"210281-9988", "sha256")
    assert renewed.secret.encode() not in stored
