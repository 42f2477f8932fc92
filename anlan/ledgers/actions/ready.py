"""The ready templates of the platform, from `data/ready.toml`; a changed one becomes a new version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from anlan.ledgers import formulas
from anlan.ledgers.fields import Field, numeric_labels, problems
from anlan.ledgers.models import Template, TemplateVersion

READY: Final = Path(__file__).parent.parent / "data" / "ready.toml"
DETAILS: Final = ("name", "about", "source", "prefix", "category", "rhythm", "by_workers")


@transaction.atomic
def install_ready_templates() -> int:
    """Create what is missing and publish what changed; return how many versions are new. Cheap when nothing changed."""
    texts = tomllib.loads(READY.read_text(encoding="utf-8"))["template"]
    there = {each.code: each for each in Template.objects.exclude(code="").select_related("current")}
    made = 0
    for text in texts:
        details = {name: text[name] for name in DETAILS if name in text}
        template = there.get(text["code"])
        if template is None:
            template = Template.objects.create(code=text["code"], **details)
        elif any(getattr(template, name) != value for name, value in details.items()):
            Template.objects.filter(pk=template.pk).update(**details)
        current = template.current
        fields, next_key = with_keys(text["fields"], current.fields if current else [], template.next_key)
        permit = _permit(text.get("permit", {}), fields)
        if current is not None and current.fields == fields and current.permit == permit:
            continue
        if wrong := problems(fields):
            raise ValueError(f"{text['code']}: {wrong}")
        version = TemplateVersion.objects.create(
            template=template, number=current.number + 1 if current else 1, fields=fields, permit=permit,
            source=TemplateVersion.Source.READY, published_at=timezone.now(),
        )  # fmt: skip
        Template.objects.filter(pk=template.pk).update(current=version, next_key=next_key)
        made += 1
    return made


def with_keys(texts: list[dict[str, Any]], old: list[Field], next_key: int) -> tuple[list[Field], int]:
    """Definitions written by hand, with keys: those of the same label and kind in `old`, else new ones. References by
    label in `show` and `formula` become keys. Return them, and the next free number."""
    known = {(one["label"], one["kind"]): one for one in old}
    fields: list[Field] = []
    for text in texts:
        before = known.get((text["label"], text["kind"]), {})
        one: Field = {**text, "key": before.get("key") or f"f{next_key}"}
        next_key += not before
        if "columns" in text:
            columns = {column["label"]: column["key"] for column in before.get("columns", [])}
            one["columns"] = []
            for column in text["columns"]:
                key = columns.get(column["label"])
                one["columns"].append({**column, "key": key or f"c{next_key}"})
                next_key += key is None
        fields.append(one)
    keys = {one["label"]: one["key"] for one in fields if one["kind"] not in ("section", "note")}
    for one in fields:
        if "show" in one:
            one["show"] = {**one["show"], "field": keys[one["show"]["field"]]}
        if "formula" in one:
            one["formula"] = formulas.with_keys(one["formula"], numeric_labels(fields, one["key"]))
    return fields, next_key


def _permit(text: dict[str, Any], fields: list[Field]) -> dict[str, Any]:
    keys = {one["label"]: one["key"] for one in fields}
    if not text:
        return {}
    hours = dict(text["hours"])
    if "field" in hours:
        hours["field"] = keys[hours["field"]]
    steps = [
        {**step, "when": {**step["when"], "field": keys[step["when"]["field"]]}} if "when" in step else dict(step)
        for step in text["steps"]
    ]
    return {"source": re.sub(r"\s+", " ", text["source"]), "hours": hours, "steps": steps}
