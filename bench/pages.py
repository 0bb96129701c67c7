"""How long a page takes on a running unit: the front page, a resident's own page, the desk."""

from __future__ import annotations

import time
from collections.abc import Mapping
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
        async with unit(folder) as (address, _), _browser(address) as resident, _browser(address) as therapist:
            case = await _come_in(resident)
            await _send(therapist, await _open(therapist, "/desk/login"), {"person": THERAPISTS[0]})
            return [
                *await _timed(resident, "front page", "/fi"),
                *await _timed(resident, "case page", case),
                *await _timed(therapist, "desk", "/fi/desk"),
            ]


def _browser(address: str) -> httpx.AsyncClient:
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


async def _timed(browser: httpx.AsyncClient, what: str, address: str) -> list[Row]:
    seconds = []
    for _ in range(LOADS):
        began = time.perf_counter()
        (await browser.get(address)).raise_for_status()
        seconds.append(time.perf_counter() - began)
    p50, p99 = rig.milliseconds(seconds)
    return [
        Row("pages", "sqlite", f"{what} p50", "ms", p50),
        Row("pages", "sqlite", f"{what} p99", "ms", p99),
    ]
