"""Checklists: loaded from files, drafted item by item, published as versions that never change, retired."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.hazards.models import Checklist, ChecklistVersion, Hazard
from anlan.lib.errors import Refused

OURS: Final = Path(__file__).parent.parent / "data" / "checklists"
LIMITS: Final = {"group": 20, "text": 80, "how": 120, "cite": 200, "major": 200, "title": 80, "measure": 300}
"""Characters: what a card of a phone shows without scrolling, and what the columns of a hazard hold."""
MOST_ITEMS: Final = 60


@transaction.atomic
def load_checklists(folder: Path = OURS) -> list[ChecklistVersion]:
    """Create or renew the platform's lists from TOML files; return the versions that are new. Safe to run again.

    A file that changed makes a new version; what was published before stays as it was, and so do inspections that use it.
    """
    made = []
    for path in sorted(folder.glob("*.toml")):
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        items, note = [clean_item(item) for item in given["items"]], str(given.get("note", ""))
        names = ("name", "place", "industry", "element", "kind")
        checklist, _new = Checklist.objects.update_or_create(
            code=given["code"], defaults={name: given.get(name, "") for name in names}
        )
        last = checklist.versions.filter(published_at__isnull=False).order_by("-number").first()
        if last is None or last.items != items:
            version = ChecklistVersion(checklist=checklist, items=items, note=note, published_at=timezone.now())
            made.append(_publish(version, by=None))
    return made


def clean_item(given: dict[str, Any]) -> dict[str, Any]:
    """An item with every key in its place. Raises `Refused` (422 with field): no text, unknown kind, too long."""
    hazard = given.get("hazard") or {}
    words = {name: str(given.get(name, "")).strip() for name in ("group", "text", "how", "cite", "major")}
    words |= {name: str(hazard.get(name, "")).strip() for name in ("title", "measure")}
    for name, text in words.items():
        if len(text) > LIMITS[name]:
            raise Refused(_("最多 %(n)d 个字，请改短。") % {"n": LIMITS[name]}, code="too_long", status=422, field=name)
    for name, say in (("text", _("请写这一项怎样算符合。")), ("group", _("请写这一项属于哪一组。"))):
        if not words[name]:
            raise Refused(say, code="empty", status=422, field=name)
    kind = hazard.get("kind", Hazard.Kind.OTHER)
    if kind not in Hazard.Kind.values:
        raise Refused(_("没有这种隐患类型，请重新选。"), code="choice", status=422, field="kind")
    grade = Hazard.Grade.MAJOR if words["major"] else Hazard.Grade.GENERAL
    return {
        "key": str(given["key"])[:40], "group": words["group"], "text": words["text"], "how": words["how"], "cite": words["cite"],
        "photo": bool(given.get("photo")), "major": words["major"],
        "hazard": {"title": words["title"] or words["text"], "kind": str(kind), "grade": str(grade), "measure": words["measure"]},
    }  # fmt: skip


def fingerprint(item: dict[str, Any] | None) -> str:
    """What an editor remembers of the item that it showed."""
    return hashlib.sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16] if item else ""


@transaction.atomic
def draft_version(checklist: Checklist, *, by: User) -> ChecklistVersion:
    """The draft of the next version: the one that exists, or a copy of the current one. Raises `Refused` (403)."""
    _check(checklist, by)
    Checklist.objects.select_for_update().get(pk=checklist.pk)
    draft = checklist.versions.filter(published_at__isnull=True).first()
    if draft is None:
        items = checklist.current.items if checklist.current else []
        draft = ChecklistVersion.objects.create(checklist=checklist, number=_next(checklist), items=items)
    return draft


@transaction.atomic
def write_item(draft: ChecklistVersion, values: dict[str, Any], *, by: User, key: str = "", seen: str = "") -> str:
    """Write an item of a draft, or add one when `key` is empty; return its key.

    `seen` is the `fingerprint` of what the editor showed: 409 `stale` when somebody changed that item meanwhile.
    """
    draft = _draft(draft, by)
    if not key:
        if len(draft.items) >= MOST_ITEMS:
            raise Refused(_("一张表最多 %(n)d 项，请另建一张。") % {"n": MOST_ITEMS}, code="too_many", status=422)
        key = f"{draft.checklist.code[:30]}-{1 + max((_tail(item['key']) for item in draft.items), default=0):02d}"
        item = clean_item(values | {"key": key})
        same = [n for n, other in enumerate(draft.items) if other["group"] == item["group"]]
        draft.items.insert(same[-1] + 1 if same else len(draft.items), item)
    else:
        place = _place(draft, key)
        if seen and fingerprint(draft.items[place]) != seen:
            raise Refused(_("有人刚刚改过这一项。您写的还在下面，没有保存。"), code="stale")
        draft.items[place] = clean_item(values | {"key": key})
    draft.save(update_fields=["items"])
    return key


@transaction.atomic
def move_item(draft: ChecklistVersion, key: str, *, by: User, up: bool) -> None:
    """Move an item one place up or down; at the end nothing happens."""
    draft = _draft(draft, by)
    place = _place(draft, key)
    other = place - 1 if up else place + 1
    if 0 <= other < len(draft.items):
        draft.items[place], draft.items[other] = draft.items[other], draft.items[place]
        draft.save(update_fields=["items"])


@transaction.atomic
def remove_item(draft: ChecklistVersion, key: str, *, by: User) -> None:
    """Take an item out of the draft; published versions keep it."""
    draft = _draft(draft, by)
    del draft.items[_place(draft, key)]
    draft.save(update_fields=["items"])


@transaction.atomic
def publish_version(draft: ChecklistVersion, *, by: User, note: str = "") -> ChecklistVersion:
    """Publish: inspections opened from now on use it. Raises `Refused` (422): no items, or nothing changed."""
    draft = _draft(draft, by)
    if not draft.items:
        raise Refused(_("检查表还是空的，先加检查项。"), code="empty", status=422)
    current = draft.checklist.current
    if current is not None and current.items == draft.items:
        raise Refused(_("和现在用的一样，不用发布新版。"), code="unchanged", status=422)
    draft.published_at, draft.published_by, draft.note = timezone.now(), by, note.strip()[:200]
    return _publish(draft, by=by)


@transaction.atomic
def drop_draft(draft: ChecklistVersion, *, by: User) -> None:
    """Throw the draft away; what is published stays."""
    _draft(draft, by).delete()


@transaction.atomic
def retire_checklist(checklist: Checklist, *, by: User, back: bool = False) -> None:
    """Let new inspections no longer use it, or again (`back`). Those that use it go on."""
    _check(checklist, by)
    Checklist.objects.filter(pk=checklist.pk).update(retired_on=None if back else timezone.localdate())
    record("restore_checklist" if back else "retire_checklist", checklist, by=by, region_code=checklist.region_code)


@transaction.atomic
def copy_checklist(checklist: Checklist, *, by: User) -> Checklist:
    """One's own list in place of the platform's, for one's territory; it starts with a draft of the same items."""
    post = by.post
    own = Checklist(region_code=post.region_code if post is not None and post.is_territorial else "")
    if not own.region_code or not own.can_edit(by):
        raise Refused(_("建本地检查表要用监管身份和规则维护权限。"), code="not_yours", status=403)
    known = Checklist.objects.filter(instead_of=checklist, region_code=own.region_code).first()
    if known is not None:
        return known
    local = Checklist.objects.create(
        code=f"{checklist.code[:24]}-{own.region_code[:15]}".lower(), name=checklist.name, place=checklist.place,
        industry=checklist.industry, element=checklist.element, kind=checklist.kind, region_code=own.region_code,
        instead_of=checklist,
    )  # fmt: skip
    items = checklist.current.items if checklist.current else []
    ChecklistVersion.objects.create(checklist=local, number=1, items=items)
    record("copy_checklist", local, by=by, region_code=local.region_code)
    return local


def _publish(version: ChecklistVersion, *, by: User | None) -> ChecklistVersion:
    checklist = version.checklist
    version.number = version.number or _next(checklist)
    version.save()
    checklist.current = version
    checklist.save(update_fields=["current"])
    record("publish_checklist", checklist, by=by, region_code=checklist.region_code, number=version.number)
    return version


def _check(checklist: Checklist, by: User) -> None:
    if not checklist.can_edit(by):
        raise Refused(_("这张检查表不归您维护。可以另建一张本地的。"), code="not_yours", status=403)


def _draft(draft: ChecklistVersion, by: User) -> ChecklistVersion:
    """The draft, held until the end of the transaction, as it is now."""
    _check(draft.checklist, by)
    held = ChecklistVersion.objects.select_for_update().filter(pk=draft.pk, published_at__isnull=True).first()
    if held is None:
        raise Refused(_("这一版已经发布或删除，不能再改。请从最新一版开始改。"), code="published")
    held.checklist = draft.checklist
    return held


def _place(draft: ChecklistVersion, key: str) -> int:
    for n, item in enumerate(draft.items):
        if item["key"] == key:
            return n
    raise Refused(_("这一项已经不在草稿里。"), code="not_found", status=404)


def _next(checklist: Checklist) -> int:
    last = checklist.versions.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _tail(key: str) -> int:
    tail = key.rsplit("-", 1)[-1]
    return int(tail) if tail.isascii() and tail.isdigit() else 0
