"""The house rules that a syntax tree can check; each yields what it found, one line per place.

A rule knows files by their path in the repository, so that a test can plant a violation without writing a file.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
CODE = ("contracts", "chassis", "services", "bench")

MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 60
MAX_HANDLER_LINES = 20

BUS_PACKAGES = {"nats", "faststream"}
BUS_METHODS = {"subscriber", "publisher", "jetstream", "publish_async"}
CLOCK_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
STATEMENTS = {"select", "insert", "update", "delete", "text", "exists", "union"}
RUNS_SQL = {"exec", "execute", "scalars", "scalar"}
PURE_LIBRARIES = {"pydantic"}
"""Values and their checks: no clock, no I/O."""
DOMAIN_MAY_IMPORT = {"chassis.errors", "chassis.calendar"}
SHELL = {"app", "store", "models", "handlers", "answers", "jobs", "settings", "metrics"}
"""Modules of a service that touch the world: its domain knows none of them."""
IMPURE = {"asyncio", "logging", "os", "random", "secrets", "socket", "sqlite3", "subprocess", "threading", "time"}


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: PurePosixPath
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def top(self) -> str:
        return self.path.parts[0]

    @property
    def service(self) -> str | None:
        return self.path.parts[1] if self.top == "services" and len(self.path.parts) > 2 else None

    def inside(self, *folders: str) -> bool:
        return self.path.is_relative_to("/".join(folders))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


Rule = Callable[[Source], Iterator[str]]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below some folders of the repository."""
    files = (file for folder in folders for file in sorted((ROOT / folder).rglob("*.py")))
    return tuple(Source(PurePosixPath(file.relative_to(ROOT).as_posix()), file.read_text("utf-8")) for file in files)


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported; `from a import b` is `a.b`, relative imports are made absolute."""
    for node in source.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = source.path.parts[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def calls(source: Source) -> Iterator[tuple[int, str, ast.Call]]:
    """Line, dotted name and node of every call."""
    for node in source.nodes(ast.Call):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func), node


def raw_bus(source: Source) -> Iterator[str]:
    """The bus is reached through chassis: its defaults lose work. An operator's tool (services/*.py) may look at it,
    the bench measures the bare client beside ours, and the kit is a neighbour's, who has no chassis.
    """
    if source.top in {"chassis", "bench"} or source.inside("contracts", "kit"):
        return
    for line, name in imports(source):
        if name.split(".")[0] in BUS_PACKAGES:
            yield f"{source.path}:{line} imports {name}; talk through chassis"
    for line, name, _ in calls(source):
        if name.rpartition(".")[2] in (BUS_METHODS if source.service else BUS_METHODS - {"jetstream"}):
            yield f"{source.path}:{line} calls {name}; talk through chassis"


def other_clocks(source: Source) -> Iterator[str]:
    """chassis/clock.py is the only source of time."""
    if source.path == PurePosixPath("chassis/clock.py") or source.top == "bench":
        return
    for line, name, _ in calls(source):
        if name in CLOCK_CALLS:
            yield f"{source.path}:{line} asks {name}(); use chassis.clock.now or tx.now"
    for line, name in imports(source):
        if name in {"time.time", "time.time_ns"}:
            yield f"{source.path}:{line} imports {name}; use chassis.clock.now or tx.now"


COMMAND_LINE = {"services/cli.py", "services/saying.py"}


def prints(source: Source) -> Iterator[str]:
    """A service logs; a command line prints, and so do the examples of the kit."""
    if str(source.path) in COMMAND_LINE or source.top == "bench" or source.inside("contracts", "kit"):
        return
    for line, name, _ in calls(source):
        if name == "print":
            yield f"{source.path}:{line} prints; log one line per decision"


def impure_domain(source: Source) -> Iterator[str]:
    """domain.py is values in, decision out."""
    if source.service is None or "domain" not in (source.path.stem, source.path.parent.name):
        return
    for line, name in imports(source):
        if not _pure(name, home=f"services.{source.service}"):
            yield f"{source.path}:{line} imports {name}; a rule knows values only"


def _pure(name: str, *, home: str) -> bool:
    top = name.split(".")[0]
    if top in sys.stdlib_module_names:
        return top not in IMPURE
    if name.startswith(f"{home}."):
        return not SHELL & set(name.removeprefix(f"{home}.").split("."))
    return top in PURE_LIBRARIES | {"contracts"} or any(
        name == allowed or name.startswith(f"{allowed}.") for allowed in DOMAIN_MAY_IMPORT
    )


def commits(source: Source) -> Iterator[str]:
    """Whoever opened the transaction ends it, and that is chassis."""
    if source.top in ("chassis", "bench"):
        return
    for line, name, node in calls(source):
        if name.rpartition(".")[2] in ("commit", "rollback") and "." in name and not node.args:
            yield f"{source.path}:{line} calls {name}; the transaction is chassis' to end"


def scattered_sql(source: Source) -> Iterator[str]:
    """Every SQL statement of a service stands in its store.py."""
    if source.top != "services" or source.path.stem in ("store", "models") or "migrations" in source.path.parts:
        return
    for line, name in imports(source):
        if name.split(".")[0] in ("sqlalchemy", "sqlmodel") and name.rpartition(".")[2] in STATEMENTS:
            yield f"{source.path}:{line} imports {name}; SQL stands in store.py"
    for line, name, _ in calls(source):
        if name in ("select", "insert") or re.search(rf"\bsession(\(\))?\.({'|'.join(RUNS_SQL)})$", name):
            yield f"{source.path}:{line} calls {name}; SQL stands in store.py"


def chassis_knows_the_language(source: Source) -> Iterator[str]:
    """chassis knows what an event is, and no single event."""
    if source.top != "chassis":
        return
    for line, name in imports(source):
        if name.split(".")[0] == "contracts" and not name.startswith(ABOUT_ALL) and name not in GENERIC:
            yield f"{source.path}:{line} imports {name}; chassis knows no single event"


ABOUT_ALL = ("contracts.base.", "contracts.versions.")
GENERIC = {f"contracts.{name}" for name in ("ASKS", "EVENTS", "Ask", "AskType", "Event", "EventType", "Kind", "View")}
"""What `contracts` itself hands on from `contracts.base`."""


def long_files(source: Source) -> Iterator[str]:
    """A file that does not fit the head is two files."""
    lines = source.text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{source.path} has {lines} lines, at most {MAX_FILE_LINES}"


def long_functions(source: Source) -> Iterator[str]:
    """Aim at 10 lines; a migration lists tables and is let be."""
    if "migrations" in source.path.parts:
        return
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{source.path}:{node.lineno} {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


def long_handlers(source: Source) -> Iterator[str]:
    """A handler loads, asks the domain, saves and tells; its docstring is not counted."""
    if source.top != "services" or source.path.name != "handlers.py":
        return
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not any(ast.unparse(one).startswith("on(") for one in node.decorator_list):
                continue
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > MAX_HANDLER_LINES:
                yield f"{source.path}:{node.lineno} {node.name} has {lines} lines, at most {MAX_HANDLER_LINES}"


def waiting_handlers(source: Source) -> Iterator[str]:
    """A handler or answer that cannot await cannot wait for anybody (docs/adr/0008)."""
    if source.top != "services" or source.path.name not in ("handlers.py", "answers.py"):
        return
    for node in source.nodes(ast.AsyncFunctionDef):
        if isinstance(node, ast.AsyncFunctionDef):
            yield f"{source.path}:{node.lineno} {node.name} is async; it runs in the worker thread inside a transaction"


def typed_subjects(source: Source) -> Iterator[str]:
    """Subjects follow from declarations; nobody types one by hand."""
    if source.top != "services":
        return
    for node in source.nodes(ast.Constant):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.match(r"(evt|cmd|qry|pub|dlq)\.[a-z0-9*>{_]+\.", node.value):
                yield f"{source.path}:{node.lineno} types the subject {node.value!r}; it follows from the declaration"


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        raw_bus,
        other_clocks,
        prints,
        impure_domain,
        commits,
        scattered_sql,
        chassis_knows_the_language,
        long_files,
        long_functions,
        long_handlers,
        waiting_handlers,
        typed_subjects,
    )
}
