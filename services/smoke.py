"""Drive one whole journey against a running practice unit, as people do: over its pages, without JavaScript.

Then read the stream and print the facts of that journey, in order, each with the trace it belongs to.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx

from chassis import Settings
from chassis.bus import OBSERVER, Bus
from chassis.reading import Stored, facts, last_sequence

PATIENCE_SECONDS = 30.0
THERAPISTS = ("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01", "9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e02")
RESIDENT = "resident-934"
EXPECTED = (
    "contact_opened triage_completed contact_routed conversation_queued conversation_accepted identity_requested "
    "identity_verified times_offered visit_booked notification_sent conversation_ended visit_completed "
    "feedback_invited feedback_invited"
).split()
"""The facts of one journey: feedback is asked for twice, of the conversation and of the visit."""


@dataclass(slots=True)
class Form:
    """A form as a person finds it: where it goes, what stands in it, what can be chosen."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """A page as somebody without JavaScript meets it: its forms and links."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__()
        self.url, self.text = url, text
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a field of it, or a link."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif tag in ("input", "button") and self.forms and "name" in found:
            self._field(self.forms[-1], found)

    def _field(self, form: Form, found: dict[str, str]) -> None:
        if found.get("type") in ("hidden", "email", "text", "tel"):
            form.fields[found["name"]] = found.get("value", "")
        else:
            form.choices.setdefault(found["name"], []).append(found.get("value", ""))

    def form(self, ending: str) -> Form | None:
        """The first form whose address ends like this."""
        return next((form for form in self.forms if urlsplit(form.action).path.endswith(ending)), None)


class Visitor:
    """Somebody with a browser that has no JavaScript."""

    def __init__(self, address: str) -> None:
        self._http = httpx.AsyncClient(base_url=address, follow_redirects=True, timeout=20)
        self.page = Page(address, "")

    async def open(self, address: str) -> Page:
        """Follow a link."""
        return self._show(await self._http.get(urljoin(self.page.url, address)))

    async def send(self, ending: str, **values: str) -> Page:
        """Fill the form whose address ends like this, and send it.

        Raises:
            LookupError: the page has no such form.
        """
        form = self.page.form(ending)
        if form is None:
            raise LookupError(f"no form …{ending} on {urlsplit(self.page.url).path}")
        address = urljoin(self.page.url, form.action)
        answer = await self._http.post(
            address, data=form.fields | values, headers={"origin": "{0.scheme}://{0.netloc}".format(urlsplit(address))}
        )
        return self._show(answer)

    async def wait_for(self, sign: Callable[[Page], object]) -> Page:
        """Open the present page again until the sign is on it.

        Raises:
            LookupError: it did not come in time.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not sign(self.page):
                await asyncio.sleep(0.1)
                await self.open(self.page.url)
        return self.page

    async def close(self) -> None:
        """Leave."""
        await self._http.aclose()

    def _show(self, answer: httpx.Response) -> Page:
        if answer.status_code >= 400:
            raise LookupError(f"{answer.status_code} from {urlsplit(str(answer.url)).path}")
        self.page = Page(str(answer.url), answer.text)
        return self.page


def _safe_answers(form: Form) -> Mapping[str, str]:
    """Answers that lead to the chat: no red flag, the first of everything else."""
    return {
        name: "no" if "no" in options else "23_74" if name == "age" else options[0]
        for name, options in form.choices.items()
        if any(options)
    }


@dataclass(frozen=True, slots=True)
class Said:
    """What the two say and type on their way."""

    resident: str = "Hei, polveen sattuu portaissa."
    therapist: str = "Hei! Katsotaan yhdessä. Tunnistaudutko, niin voin antaa ajan?"
    email: str = "noora@example.fi"
    feedback: str = ""


async def journey(resident: Visitor, therapist: Visitor, said: Said = Said()) -> UUID:
    """The whole journey of one resident; returns the contact."""
    await _log_in(therapist, THERAPISTS[0])
    contact = await _come_in(resident)
    await therapist.open("/fi/desk")
    await therapist.wait_for(lambda page: page.form(f"{contact}/accept"))
    await therapist.send(f"{contact}/accept")
    await _talk(resident, therapist, said)
    await _identify(resident, therapist)
    await _book(resident, therapist, said.email)
    await therapist.send("/end")
    await resident.open(f"/fi/asia/{contact}")
    await resident.wait_for(lambda page: page.form("/feedback"))
    await resident.send("/feedback", recommend="10", useful="yes", text=said.feedback)
    await _complete(therapist)
    return contact


async def _log_in(therapist: Visitor, person: str) -> None:
    await therapist.open("/desk/login")
    await therapist.send("", person=person)


async def _complete(therapist: Visitor) -> None:
    """The visit takes place; the resident may have picked the time of any therapist of the county."""
    for person in THERAPISTS:
        await _log_in(therapist, person)
        page = await therapist.open("/fi/desk/calendar")
        if page.form("/complete"):
            await therapist.send("/complete")
            return


async def _come_in(resident: Visitor) -> UUID:
    await resident.open("/fi")
    await resident.open("/fi/turvallisuus?kunta=285&vaiva=knee")
    asked = await resident.open("/fi/kysely?kunta=285&vaiva=knee")
    form = asked.form("/kysely")
    assert form is not None
    page = await resident.send("/kysely", **_safe_answers(form))
    contact = UUID(urlsplit(page.url).path.rsplit("/", 1)[-1])
    await resident.wait_for(lambda page: page.form("/end"))
    return contact


async def _talk(resident: Visitor, therapist: Visitor, said: Said) -> None:
    await resident.wait_for(lambda page: page.form("/messages"))
    await resident.send("/messages", words=said.resident)
    await therapist.send("/messages", words=said.therapist)


async def _identify(resident: Visitor, therapist: Visitor) -> None:
    await therapist.send("/identify")
    await resident.wait_for(lambda page: any(link.endswith("/tunnistaudu") for link in page.links))
    await resident.open(next(link for link in resident.page.links if link.endswith("/tunnistaudu")))
    await resident.send("", person=RESIDENT)
    await therapist.wait_for(lambda page: page.form("/offer"))


async def _book(resident: Visitor, therapist: Visitor, email: str) -> None:
    await therapist.send("/offer")
    await resident.wait_for(lambda page: page.form("/hold"))
    await resident.send("/hold")
    await resident.wait_for(lambda page: page.form("/booking"))
    await resident.send("/booking", email=email)


def _of(contact: UUID, told: list[Stored]) -> list[Stored]:
    visits = {getattr(one.fact, "visit_id", None) for one in told if getattr(one.fact, "contact_id", None) == contact}
    return [
        one
        for one in told
        if getattr(one.fact, "contact_id", None) == contact
        or (getattr(one.fact, "visit_id", None) in visits - {None} and not hasattr(one.fact, "contact_id"))
        or one.fact.declared.name == "feedback_given"
    ]


async def run(address: str, nats_url: str) -> tuple[str, list[str]]:
    """Drive the journey; returns its facts as lines to print, and the names of those that did not come."""
    bus = Bus(Settings(), OBSERVER, nats_url)
    await bus.reach()
    resident, therapist = Visitor(address), Visitor(address)
    try:
        before = await last_sequence(bus.jetstream())
        contact = await journey(resident, therapist)
        told, missing = await _settled(bus, contact, before)
    finally:
        await asyncio.gather(resident.close(), therapist.close(), bus.broker.stop())
    lines = [f"{one.sequence:>6}  {one.fact.declared.key:<38} trace {_trace(one)}" for one in told]
    lines.append(f"missing: {', '.join(missing)}" if missing else f"{len(told)} facts, in order")
    return "\n".join(lines), missing


def _trace(one: Stored) -> str:
    return one.headers.get("traceparent", "00-none").split("-")[1]


async def _settled(bus: Bus, contact: UUID, before: int) -> tuple[list[Stored], list[str]]:
    for _ in range(int(PATIENCE_SECONDS / 0.2)):
        told = _of(contact, await facts(bus.jetstream(), after=before))
        missing = list((Counter(EXPECTED) - Counter(one.fact.declared.name for one in told)).elements())
        if not missing:
            break
        await asyncio.sleep(0.2)
    return told, missing
