"""Check a file of events offline, before or beside the bus: `digi contracts check events.jsonl`.

One event a line, as a CloudEvent in structured mode or as `{"headers": {…}, "body": {…}}` with the headers of the bus,
and its `subject` if you like. It needs nothing but this folder and pydantic: `python -m contracts.check events.jsonl`
is the same. What is refused has one of `CODES`; no text quotes what stood in the file: it may be about a person.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from contracts.base import (
    EVENTS,
    MAX_BYTES,
    SOURCE_PREFIX,
    AreaCode,
    Event,
    EventType,
    MunicipalityCode,
    told_in_digits,
)
from contracts.versions import newest, upcast

CODES = {
    "bad-json": "the line is not one JSON object",
    "bad-envelope": "an attribute of CloudEvents 1.0 is missing or not what it should be",
    "content-type": "the data is something else than JSON",
    "unknown-type": "no event is called so, or not in this version",
    "schema:<field>": "a field of the data is missing or not what it should be",
    "wrong-aggregate": "the data is about another aggregate than the envelope's subject",
    "wrong-place": "the data is about another area or municipality than the envelope",
    "wrong-subject": "the data belongs on another subject of the bus than the line names",
    "wrong-source": "the envelope names a service that does not tell this event",
    "no-upcast": "it fits its version, but a reader of the newest version cannot read it",
    "event-id-reused": "two different events have one id",
    "too-big": f"more than {MAX_BYTES // 1024} KiB: the bus does not take it",
}
"""Why an event is refused; a dead letter of ours has the same code for the same cause. Codes are stable."""
NOTES = {
    "unknown-field": "the data has a field that nobody declares: readers ignore it, and nobody knows what is in it",
    "deprecated": "this version is told until a day; a newer one is told beside it",
}
"""What is no reason to refuse an event."""

_Visible = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]


class _Envelope(BaseModel):
    """The attributes of CloudEvents and ours. Ours may be left out by who posts an event over HTTP."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    specversion: Literal["1.0"]
    id: _Visible
    type: _Visible
    source: _Visible
    subject: UUID
    time: AwareDatetime
    datacontenttype: str = "application/json"
    area: AreaCode | None = None
    municipality: MunicipalityCode | None = None
    aggregateversion: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*$")] | int | None = None
    causationid: _Visible | None = None
    bus: str | None = None
    """Subject of the bus; not an attribute, a line of headers and body may name it."""


class _Unfit(ValueError):
    """Why an event is refused."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one line: bad, or worth a note."""

    line: int
    code: str
    text: str

    @property
    def bad(self) -> bool:
        """Whether the event is refused."""
        return self.code not in NOTES

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}: {self.text}"


@dataclass(slots=True)
class Report:
    """What a file holds."""

    events: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """How many events are refused."""
        return sum(each.bad for each in self.findings)

    def lines(self) -> Iterator[str]:
        """For a person to read: what was found, then the count."""
        yield from map(str, self.findings)
        yield f"events: {self.events}, bad: {self.bad}"


def check(lines: Iterable[str | bytes]) -> Report:
    """Hold every event against what `contracts` declares; empty lines are skipped."""
    report, seen = Report(), dict[tuple[str, str], str]()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        report.events += 1
        try:
            report.findings += [Finding(number, code, text) for code, text in _notes(line, seen)]
        except _Unfit as unfit:
            report.findings.append(Finding(number, unfit.code, str(unfit)))
    return report


def _notes(line: str | bytes, seen: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Read one event; what is worth a note.

    Raises:
        _Unfit: it is refused.
    """
    attributes, data = _parts(line)
    envelope = _envelope(attributes)
    kind = _kind(envelope)
    fact = _fact(kind, data)
    _must_agree(envelope, fact)
    told = json.dumps([envelope.type, data], sort_keys=True)
    if seen.setdefault((envelope.source, envelope.id), told) != told:
        raise _Unfit("event-id-reused", "an event before it has this id and tells something else")
    unknown = sorted(data.keys() - kind.cls.model_fields.keys())
    notes = [("unknown-field", f"{kind.key} declares no field that is called so ({len(unknown)} of them)")]
    return [*(notes if unknown else []), *_of_an_older_version(fact)]


def _parts(line: str | bytes) -> tuple[dict[str, Any], Any]:
    """The attributes without prefix, and the data."""
    size = len(line if isinstance(line, bytes) else line.encode(errors="replace"))
    if size > MAX_BYTES:
        raise _Unfit("too-big", f"{size} bytes, at most {MAX_BYTES}")
    record = _json(line)
    if not isinstance(record, dict):
        raise _Unfit("bad-json", "a line is one JSON object")
    if isinstance(headers := record.get("headers"), dict) and "body" in record:
        body = record["body"]
        attributes = _of_headers(headers) | {"bus": record.get("subject")}
        return attributes, _json(body) if isinstance(body, str) else body
    return {name: value for name, value in record.items() if name not in ("data", "bus")}, record.get("data")


def _of_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    said = {name.lower(): value for name, value in headers.items()}
    content = {"datacontenttype": said["content-type"]} if "content-type" in said else {}
    return content | {name.removeprefix("ce-"): value for name, value in said.items() if name.startswith("ce-")}


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _Unfit("bad-json", "one JSON object was expected, in UTF-8") from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _envelope(attributes: Mapping[str, Any]) -> _Envelope:
    try:
        envelope = _Envelope.model_validate_json(json.dumps(attributes))
    except ValidationError as error:
        where, what = _first(error)
        raise _Unfit("bad-envelope", f"{where.split('.')[0]}: {what}") from None
    if envelope.datacontenttype.split(";")[0].strip().lower() != "application/json":
        raise _Unfit("content-type", "datacontenttype: application/json was expected")
    return envelope


def _kind(envelope: _Envelope) -> EventType:
    kind = EVENTS.get(envelope.type)
    if kind:
        return kind
    name = envelope.type.rpartition(".v")[0]
    versions = [each for each in EVENTS.values() if each.ce_type.rpartition(".v")[0] == name]
    if versions:
        there = ", ".join(f"v{each.version}" for each in versions)
        raise _Unfit("unknown-type", f"{versions[0].owner}.{versions[0].name} is declared as {there}")
    raise _Unfit("unknown-type", "no event is called so: docs/events.md lists them")


def _fact(kind: EventType, data: Any) -> Event:
    try:
        fact = kind.cls.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        where, what = _first(error)
        raise _Unfit(f"schema:{where}", f"{kind.key}: {what}") from None
    for where in told_in_digits(fact, data):
        raise _Unfit(f"schema:{where}", f"{kind.key}: a moment is written 2026-11-24T08:01:00Z")
    return fact


def _must_agree(envelope: _Envelope, fact: Event) -> None:
    """Raise where the envelope says something else than the fact; only a service of ours has a source of ours."""
    key, place = fact.declared.key, (fact.area, fact.municipality)
    if envelope.subject != fact.about:
        raise _Unfit(
            "wrong-aggregate", f"{key}: subject is another id than {fact.declared.about or 'that of its place'}"
        )
    if (envelope.area or fact.area, envelope.municipality or fact.municipality) != place:
        raise _Unfit("wrong-place", f"{key}: area or municipality is another one in the data")
    if (envelope.bus or fact.subject) != fact.subject:
        raise _Unfit(
            "wrong-subject", f"{key}: the subject of the bus is {fact.declared.subject('<area>', '<municipality>')}"
        )
    source = f"/{SOURCE_PREFIX}/"
    if envelope.source.startswith(source) and envelope.source != source + fact.declared.owner:
        raise _Unfit("wrong-source", f"{key}: {fact.declared.owner} tells it")


def _of_an_older_version(fact: Event) -> Iterator[tuple[str, str]]:
    kind, latest = fact.declared, newest(fact.declared)
    if kind.told_until:
        yield "deprecated", f"{kind.key} is told until {kind.told_until}; the newest version is v{latest.version}"
    try:
        upcast(fact, latest)
    except ValueError:
        raise _Unfit("no-upcast", f"a reader of {latest.key} cannot read what {kind.key} tells here") from None


def _first(error: ValidationError) -> tuple[str, str]:
    """The first field that does not fit, and what was expected of it; never what stood there."""
    found = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return ".".join(map(str, found["loc"])) or "data", str(found["msg"])


def main(words: Sequence[str]) -> int:
    """Check the file that is named and print what was found; returns 1 when an event is bad, 2 without a file."""
    if len(words) != 1:
        sys.stderr.write("usage: python -m contracts.check events.jsonl\n")
        return 2
    with Path(words[0]).open("rb") as file:
        report = check(file)
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
