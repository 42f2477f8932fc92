"""How fields and values are shown: one line per field, for the form, the page of an entry, the preview and paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anlan.enterprises.models import Enterprise, Worker
from anlan.ledgers.fields import OPS, SILENT, Field, is_shown
from anlan.ledgers.models import Entry, EntryFile, Template
from anlan.ledgers.values import Read, shown_text

MOST_PEOPLE = 500
COLUMNS = 3


@dataclass(slots=True)
class Cell:
    """One cell of a table in the form."""

    column: Field
    name: str
    value: str
    error: str = ""
    fixed: bool = False


@dataclass(slots=True)
class Line:
    """One field with what it holds. `hidden`: its condition is not met now."""

    one: Field
    value: Any = None
    text: str = ""
    error: str = ""
    hidden: bool = False
    rows: list[list[Cell]] = field(default_factory=list)
    blank: list[Cell] = field(default_factory=list)
    files: list[EntryFile] = field(default_factory=list)
    drawn: EntryFile | None = None
    people: list[tuple[int, str]] = field(default_factory=list)
    condition: str = ""

    @property
    def kind(self) -> str:
        """The kind of the field."""
        return str(self.one["kind"])

    @property
    def key(self) -> str:
        """The key of the field."""
        return str(self.one["key"])


def people_of(firm: Enterprise | int | None) -> list[tuple[int, str]]:
    """Those who work in the firm: (id of the person, name and job)."""
    if firm is None:
        return []
    workers = Worker.objects.working().filter(enterprise=firm).order_by("user__name")
    return [
        (pk, f"{name}（{job}）" if job else name)
        for pk, name, job in workers.values_list("user_id", "user__name", "job_title")[:MOST_PEOPLE]
    ]


def lines(
    fields: list[Field],
    values: Mapping[str, Any],
    *,
    entry: Entry | None = None,
    read: Read | None = None,
    extra_rows: Mapping[str, int] | None = None,
    form: bool = False,
) -> list[Line]:
    """One line per field. For a form every field comes, hidden ones marked; otherwise only what is shown."""
    files: dict[str, list[EntryFile]] = {}
    by_pk: dict[int, EntryFile] = {}
    if entry is not None:
        for file in entry.files.select_related("original").order_by("pk"):
            files.setdefault(file.key, []).append(file)
            by_pk[file.pk] = file
    people: list[tuple[int, str]] | None = None
    found, labels = [], {one["key"]: one["label"] for one in fields}
    seen: dict[str, Any] = {}
    for one in fields:
        hidden = not is_shown(one, seen)
        if not hidden:
            seen[one["key"]] = values.get(one["key"])
        if hidden and not form:
            continue
        value = values.get(one["key"])
        line = Line(one, value, "" if hidden else shown_text(one, value), hidden=hidden)
        line.condition = condition_words(one, labels)
        if read is not None:
            line.error = read.errors.get(one["key"], "")
        if one["kind"] in ("photo", "file"):
            line.files = files.get(one["key"], [])
        elif one["kind"] == "signature" and isinstance(value, dict):
            line.drawn = by_pk.get(value.get("file") or 0)
        elif one["kind"] == "person" and form:
            people = people_of(entry.enterprise_id if entry else None) if people is None else people
            line.people = people
            if isinstance(value, dict) and value.get("id") not in dict(people):
                line.people = [*people, (value["id"], str(value.get("name", "")))]
        elif one["kind"] == "table":
            _table(line, read, (extra_rows or {}).get(one["key"], 0), form)
        found.append(line)
    return found


def _table(line: Line, read: Read | None, extra: int, form: bool) -> None:
    one, stored = line.one, line.value or []
    preset = one.get("preset", [])
    count = max(len(stored), len(preset)) + (extra or (0 if preset or stored else 1)) if form else len(stored)
    for n in range(count):
        row = stored[n] if n < len(stored) else {}
        cells = []
        for position, column in enumerate(one.get("columns", [])):
            fixed = position == 0 and n < len(preset)
            text = preset[n] if fixed else str(row.get(column["key"], ""))
            error = read.errors.get(f"{line.key}.{n}.{column['key']}", "") if read else ""
            cells.append(Cell(column, f"v.{line.key}.{n}.{column['key']}", text, error, fixed))
        line.rows.append(cells)
    line.blank = [Cell(column, f"v.{line.key}.__n__.{column['key']}", "") for column in one.get("columns", [])]


def condition_words(one: Field, labels: Mapping[str, str]) -> str:
    """ "动火级别" 是 "特级": when the field is shown, in words."""
    show = one.get("show")
    if not show:
        return ""
    value = "" if show["op"] == "filled" else f"“{show.get('value', '')}”"
    return f"“{labels.get(show['field'], show['field'])}”{OPS[show['op']]}{value}"


def errors_of(found: Iterable[Line]) -> list[tuple[str, str, str]]:
    """(id to jump to, label, words) of everything that is wrong."""
    wrong = []
    for line in found:
        if line.error:
            wrong.append((f"id-{line.key}", str(line.one["label"]), line.error))
        for n, row in enumerate(line.rows, start=1):
            wrong += [
                (f"id-{cell.name}", f"{line.one['label']} {n}.{cell.column['label']}", cell.error)
                for cell in row
                if cell.error
            ]
    return wrong


def columns_of(template: Template) -> list[dict[str, Any]]:
    """The first few fields that say what an entry is about."""
    fields = template.current.fields if template.current else []
    return [one for one in fields if one["kind"] not in SILENT | {"photo", "file", "signature", "table", "long"}][
        :COLUMNS
    ]
