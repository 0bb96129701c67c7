"""How long a page takes on a running unit: the front page, a resident's own page, the desk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

import httpx

from bench import rig
from bench.footprint import unit
from bench.rig import Row
from services.smoke import THERAPISTS, Page

LOADS = 100
COME_IN = "/fi/kysely?kunta=285&vaiva=knee"


async def measure() -> list[Row]:
    with rig.new_folder() as folder:
        async with unit(folder) as (address, _), browser(address) as resident, browser(address) as therapist:
            case = await _come_in(resident)
            await logs_in(therapist)
            return [
                *await timed(resident, "front page", ["/fi"] * LOADS),
                *await timed(resident, "case page", [case] * LOADS),
                *await timed(therapist, "desk", ["/fi/desk"] * LOADS),
            ]


def browser(address: str) -> httpx.AsyncClient:
    """Somebody's browser: keeps cookies, follows where it is sent."""
    return httpx.AsyncClient(base_url=address, follow_redirects=True, timeout=20)


async def _come_in(resident: httpx.AsyncClient) -> str:
    """Answer so that it leads to the chat; returns the address of the resident's page."""
    page = await _open(resident, COME_IN)
    form = page.forms[-1]
    answers = {
        name: "no" if "no" in options else "23_74" if name == "age" else options[0]
        for name, options in form.choices.items()
    }
    return urlsplit((await _send(resident, page, answers)).url).path


async def _open(browser: httpx.AsyncClient, address: str) -> Page:
    return _shown(await browser.get(address))


async def _send(browser: httpx.AsyncClient, page: Page, values: Mapping[str, str]) -> Page:
    form = page.forms[-1]
    address = urljoin(page.url, form.action)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    return _shown(await browser.post(address, data={**form.fields, **values}, headers={"origin": origin}))


def _shown(answer: httpx.Response) -> Page:
    answer.raise_for_status()
    return Page(str(answer.url), answer.text)


async def logs_in(therapist: httpx.AsyncClient) -> None:
    """At the desk, as the first of the invented therapists."""
    await _send(therapist, await _open(therapist, "/desk/login"), {"person": THERAPISTS[0]})


async def timed(
    opened: httpx.AsyncClient, what: str, addresses: Sequence[str], *, case: str = "pages", at_most: float | None = None
) -> list[Row]:
    """Open each of some addresses once."""
    seconds = []
    for address in addresses:
        began = time.perf_counter()
        (await opened.get(address)).raise_for_status()
        seconds.append(time.perf_counter() - began)
    p50, p99 = rig.milliseconds(seconds)
    return [
        Row(case, "sqlite", f"{what} p50", "ms", p50),
        Row(case, "sqlite", f"{what} p99", "ms", p99, at_most=at_most),
    ]
