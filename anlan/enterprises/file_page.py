"""What the page of a firm's file shows. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import CharField, Count, DateField, F, Q, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.audit.verbs import say
from anlan.enterprises.file_fields import (
    CUSTOM,
    GROUPS,
    LABELS,
    Completeness,
    as_text,
    completeness,
    is_said,
    newest,
    value_of,
)
from anlan.enterprises.industries import lineage
from anlan.enterprises.models import CustomField, Enterprise, Equipment, FileValue, Permit, Worker
from anlan.enterprises.queries import Training
from anlan.enterprises.sizes import size_of
from anlan.lib.codes import mask_phone
from anlan.lib.errors import Text
from anlan.tallies.models import Tally

STOCKS = ("hazards_open", "hazards_open_major")
STEPS = frozenset(
    {
        "edit_enterprise", "create_enterprise", "verify_file", "add_permit", "edit_permit", "withdraw_permit", "add_chemical",
        "remove_chemical", "add_equipment", "remove_equipment", "add_firmphoto", "remove_firmphoto", "tag_enterprise",
        "untag_enterprise", "stand_by_value",
    }
)  # fmt: skip


@dataclass(slots=True)
class Line:
    """One value with who said it. `text` is a dash where nobody did."""

    field: str
    label: Text
    text: str
    said: FileValue | None
    there: bool
    note: str = ""


@dataclass(slots=True)
class Section:
    """A group of the file."""

    key: str
    title: Text
    lines: list[Line] = field(default_factory=list)


def _figures(firm: Enterprise) -> tuple[Training, dict[str, int]]:
    """This year's training and the open hazards, in one query."""
    year = timezone.localdate().year
    rows = (
        Tally.objects.filter(subject_kind="enterprise", subject_id=firm.pk)
        .filter(Q(measure__in=STOCKS) | Q(month__year=year))
        .values_list("measure")
        .annotate(n=Sum("amount"))
    )
    sums = dict(rows)
    training = Training(
        **{name: sums.get(name, 0) for name in ("enrolled", "learnt", "passed", "certificates", "hours_ms")}
    )
    return training, {name: sums.get(name, 0) for name in STOCKS}


def _sections(firm: Enterprise, said: dict[str, FileValue], custom: list[CustomField]) -> list[Section]:
    found = []
    for group in GROUPS[:-1]:
        section = Section(group.key, group.title)
        for name in group.fields:
            value = value_of(firm, name)
            section.lines.append(Line(name, LABELS[name], as_text(name, value), said.get(name), is_said(value)))
        found.append(section)
    found[1].lines = _with_position(firm, found[1].lines)
    size = size_of(firm.industry, firm.headcount, firm.revenue)
    found[2].lines.append(Line("size", LABELS["size"], firm.get_size_display(), None, True, note=size.reason))
    found[3].lines = [
        line for line in found[3].lines if line.field != "special_operations" or firm.has_special_operations
    ]
    found[0].lines = [line for line in found[0].lines if line.field != "licence_number" or line.there]
    if custom:
        lines = []
        for one in custom:
            value = firm.custom.get(one.code)
            lines.append(
                Line(
                    CUSTOM + one.code,
                    one.label,
                    as_text(CUSTOM + one.code, value),
                    said.get(CUSTOM + one.code),
                    is_said(value),
                )
            )
        found.append(Section("custom", GROUPS[-1].title, lines))
    return found


def _with_position(firm: Enterprise, lines: list[Line]) -> list[Line]:
    """The two coordinates as one line; a link to a map is the page's affair."""
    north = next(line for line in lines if line.field == "latitude")
    north.label = LABELS["position"]
    if firm.latitude is not None and firm.longitude is not None:
        north.text = f"{firm.latitude:.5f}, {firm.longitude:.5f}"
    return [line for line in lines if line.field != "longitude"]


@dataclass(slots=True)
class Thing:
    """A chemical, a piece of equipment or a label, as the page lists it."""

    name: str
    note: str
    more: str
    day: date | None


def _things(firm: Enterprise) -> dict[str, list[Thing]]:
    """Chemicals (note: CAS number; more: tonnes and place), equipment (note: kind; day: inspection) and labels, in one query."""
    no_day, text = Cast(Value(None), DateField()), CharField()

    def rows(found: Any, kind: str, note: Any, more: Any, day: Any) -> Any:
        return (
            found.annotate(of=Value(kind, text), a=note, b=more, c=day)
            .values_list("of", "pk", "name", "a", "b", "c")
            .order_by()
        )

    most = Concat(Cast("most", text), Value(_(" 吨　")), "place", output_field=text)
    found: dict[str, list[Thing]] = {"chemical": [], "equipment": [], "tag": []}
    parts = rows(firm.chemicals, "chemical", F("cas"), Coalesce(most, F("place")), no_day).union(
        rows(firm.equipment, "equipment", F("kind"), Value("", text), F("inspect_by")),
        rows(firm.tags, "tag", Value("", text), Value("", text), no_day),
        all=True,
    )
    kinds = dict(Equipment.Kind.choices)
    for kind, _key, name, note, more, day in sorted(parts, key=lambda row: row[1]):
        found[kind].append(Thing(name, str(kinds.get(note, note)) if kind == "equipment" else note, more, day))
    return found


def link(name: str, *args: object) -> str:
    """An address by its name; "" while nobody has built that page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def file_page(firm: Enterprise, user: User) -> dict[str, Any]:
    """Everything that the page shows; at most twelve queries, whatever the file holds."""
    code = firm.organisation.region_code
    said = newest([firm.pk]).get(firm.pk, {})
    custom = list(CustomField.objects.asked_in(code))
    permits = list(
        Permit.objects.held().filter(enterprise=firm).select_related("said_by", "verified_by").order_by("until", "pk")
    )
    things = _things(firm)
    chemicals, equipment = things["chemical"], things["equipment"]
    photos = list(firm.photos.select_related("taken_by").order_by("-pk")[:12])
    training, hazards = _figures(firm)
    counts = dict(
        Worker.objects.working().filter(enterprise=firm).values_list("category").annotate(n=Count("pk")).order_by()
    )
    there = {"permits": len(permits), "chemicals": len(chemicals), "equipment": len(equipment), "photos": len(photos)}
    full: Completeness = completeness(firm, custom, there)
    verify = firm.can_verify(user)
    waiting = [one for one in said.values() if one.verified_at is None]
    records = Record.objects.filter(subject_kind="enterprises.enterprise", subject_id=str(firm.pk), verb__in=STEPS)
    labels: dict[str, Text] = {**LABELS, **{CUSTOM + one.code: one.label for one in custom}}
    return {
        "firm": firm, "region": getattr(firm, "region_name", "") or code, "lineage": lineage(firm.industry),
        "sections": _sections(firm, said, custom), "permits": permits, "chemicals": chemicals, "equipment": equipment,
        "photos": photos, "tags": things["tag"], "said": said, "full": full, "training": training, "hazards": hazards,
        "year": timezone.localdate().year, "today": timezone.localdate(),
        "categories": [(label, counts.get(key, 0)) for key, label in Worker.Category.choices if counts.get(key)],
        "worker_count": sum(counts.values()), "records": [(say(one.verb), one) for one in records.order_by("-pk")[:5]], "waiting": len(waiting),
        "doubts": [(one, labels.get(one.field, one.field), as_text(one.field, one.value)) for one in waiting if one.doubt],
        "phone": mask_phone(firm.contact_phone) if firm.contact_phone else "",
        "can_reveal": bool(firm.contact_phone) and user.may(powers.SEE_SENSITIVE),
        "mine": firm.is_managed_by(user), "can_edit": firm.can_edit(user), "can_verify": verify, "can_tag": firm.can_tag(user),
        "old": firm.verify_by is not None and firm.verify_by < timezone.localdate(),
        "hazards_url": link("hazards:list"), "patrol_url": link("hazards:patrol") if user.may(powers.INSPECT) else "",
        "policy_url": link("enterprises:policy") if firm.is_managed_by(user) else link("enterprises:policy-of", firm.pk),
    }  # fmt: skip
