"""Entering: drafts, saving, handing in, later changes, files."""

from __future__ import annotations

import base64
import binascii
import io
from contextlib import suppress
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Worker
from anlan.files.actions import store
from anlan.files.pictures import keep_picture
from anlan.ledgers.fields import FILES
from anlan.ledgers.models import Entry, EntryChange, EntryFile, Template
from anlan.ledgers.values import CLEARED, Read, Typed, changes, read, search_text
from anlan.lib.errors import Refused

MAX_FILES: Final = 20
"""Of one field in one entry."""
MAX_SIGNATURE: Final = 300_000


class Invalid(Refused):
    """What was typed cannot be entered yet; `read` holds the errors by field."""

    def __init__(self, found: Read) -> None:
        words = _("有 %(n)d 处要改，其余已保留。") % {"n": len(found.errors)}
        super().__init__(words, code="invalid", status=422)
        self.read = found


class Stale(Refused):
    """Somebody saved in between; `entry` is how it is now, `differences` (label, theirs, yours)."""

    def __init__(self, entry: Entry, differences: list[tuple[str, str, str]]) -> None:
        name = entry.updated_by.name if entry.updated_by else _("同事")
        super().__init__(_("%(name)s刚刚改过这一条。您写的还在下面。") % {"name": name}, code="stale")
        self.entry, self.differences = entry, differences


def own_firm(user: User) -> Enterprise:
    """The firm that the user's post belongs to. Raises `Refused` (403)."""
    firm = (
        Enterprise.objects.filter(pk=user.post.organisation_id).select_related("organisation").first()
        if user.post is not None
        and user.post.organisation_id
        and (user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.LEARN))
        else None
    )
    if firm is None:
        raise Refused(_("电子台账由企业填写，请换到企业的身份。"), code="not_firm", status=403)
    return firm


def may_enter(template: Template, user: User) -> bool:
    """Whether the user may begin an entry of this template for their firm."""
    return user.may(powers.MANAGE_ENTERPRISE) or (template.by_workers and user.may(powers.LEARN))


@transaction.atomic
def start_entry(template: Template, *, by: User, copy_of: Entry | None = None) -> Entry:
    """Begin a draft with the version in force. An untouched draft of the same person is used again: a double tap makes
    one. `copy_of`: its values are taken over where the fields are still the same kind, without files and signatures."""
    firm = own_firm(by)
    live = Template.objects.for_firm(firm).filter(pk=template.pk).select_related("current").first()
    if live is None or live.current is None:
        raise Refused(_("这本台账已经停用或还没有发布，不能再新记。已有的记录照常可看。"), code="retired")
    template, version = live, live.current
    if not may_enter(template, by):
        raise Refused(_("这本台账由企业管理人员填写。"), code="not_manager", status=403)
    Enterprise.objects.select_for_update().filter(pk=firm.pk).first()  # two taps at once wait here
    untouched = Entry.objects.filter(
        template=template, version=version, enterprise=firm, created_by=by, state=Entry.State.DRAFT, revision=0
    )
    entry = untouched.first() or Entry.objects.create(
        template=template, version=version, enterprise=firm, region_code=firm.organisation.region_code,
        created_by=by, updated_by=by,
    )  # fmt: skip
    if copy_of is not None:
        entry.values = _taken_over(copy_of, entry)
        entry.save(update_fields=["values"])
    return entry


def _taken_over(old: Entry, new: Entry) -> dict[str, Any]:
    kinds = {one["key"]: one["kind"] for one in old.version.fields}
    return {
        one["key"]: old.values[one["key"]]
        for one in new.version.fields
        if kinds.get(one["key"]) == one["kind"]
        and one["kind"] not in {"signature", "date", "time", "calc"} | FILES
        and old.values.get(one["key"])
    }


def interpret(entry: Entry, typed: Typed) -> Read:
    """What was typed, read by the version of this entry."""
    files = dict(entry.files.order_by().values_list("key").annotate(n=Count("id")))

    def person(chosen: str) -> dict[str, Any] | None:
        if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 18:
            return None
        worker = (
            Worker.objects.working()
            .filter(enterprise_id=entry.enterprise_id, user_id=int(chosen))
            .select_related("user")
            .first()
        )
        kept = [value for value in entry.values.values() if isinstance(value, dict) and str(value.get("id")) == chosen]
        if worker is None:
            return kept[0] if kept else None  # somebody who left since stays in what was written before
        return {"id": worker.user_id, "name": worker.user.name}

    return read(entry.version.fields, typed, today=timezone.localdate(), people=person, files=files, kept=entry.values)


@transaction.atomic
def save_draft(entry: Entry, typed: Typed, *, by: User, seen: int) -> Read:
    """Keep what is typed, right or wrong, in a draft or a returned permit. Raises `Stale`."""
    _check_may_edit(entry, by)
    if entry.state not in Entry.OPEN:
        raise Refused(_("这一条已经登记，请按“保存”改动。"), code="entered")
    found = interpret(entry, typed)
    _draw_signatures(entry, typed, found, by)
    _save(entry, found, by=by, seen=seen)
    return found


@transaction.atomic
def enter(entry: Entry, typed: Typed, *, by: User, seen: int) -> Entry:
    """Check and enter a plain entry, or save a change of one that is entered: each field is noted. A permit is kept as a
    checked draft, for `permits.hand_in`. Raises `Invalid` (nothing is changed then), `Stale`."""
    _check_may_edit(entry, by)
    before = dict(entry.values)
    found = interpret(entry, typed)
    _draw_signatures(entry, typed, found, by)
    if found.errors:
        raise Invalid(found)
    entered = entry.state == Entry.State.KEPT
    more: dict[str, Any] = {}
    if not entered and not entry.version.steps:
        more = {"state": Entry.State.KEPT, "entered_at": timezone.now(), "number": next_number(entry)}
    _save(entry, found, by=by, seen=seen, **more)
    if entered:
        changed = changes(entry.version.fields, before, found.values)
        EntryChange.objects.bulk_create(
            EntryChange(entry=entry, key=key, label=label[:60], before=old, after=new, by=by)
            for key, label, old, new in changed
        )
        if changed:
            record(
                "edit_entry",
                entry,
                by=by,
                region_code=entry.region_code,
                fields=[label for _k, label, _o, _n in changed],
            )
    elif more:
        record("enter_entry", entry, by=by, region_code=entry.region_code)
    return entry


def _held(entry: Entry) -> Entry:
    """The entry as it is now, locked until the end of the transaction: it may have been handed in since the page was read."""
    return Entry.objects.select_for_update(of=("self",)).select_related("version", "template").get(pk=entry.pk)


def _check_may_edit(entry: Entry, by: User) -> None:
    if not entry.can_edit(by):
        locked = entry.state in entry.LOCKED
        raise Refused(
            _("已经送审或签过字的内容不能再改。要改请先退回。") if locked else _("这一条不由您填写。"),
            code="sealed" if locked else "not_yours",
            status=409 if locked else 403,
        )


def _save(entry: Entry, found: Read, *, by: User, seen: int, **more: Any) -> None:
    """Compare-and-set on the revision."""
    more |= {
        "values": found.values, "search": search_text(entry.version.fields, found.values), "updated_by": by,
        "updated_at": timezone.now(),
    }  # fmt: skip
    states = [entry.state]
    if not Entry.objects.filter(pk=entry.pk, revision=seen, state__in=states).update(
        revision=F("revision") + 1, **more
    ):
        now = Entry.objects.select_related("updated_by", "version", "template").get(pk=entry.pk)
        raise Stale(
            now, [(label, old, new) for _k, label, old, new in changes(entry.version.fields, now.values, found.values)]
        )
    for name, value in more.items():
        setattr(entry, name, value)
    entry.revision = seen + 1


def next_number(entry: Entry) -> str:
    """The number that an entry gets: letters of the template, the year, and the next of this firm. The caller holds a
    transaction; the firm's row is locked, so that two at once get two numbers."""
    Enterprise.objects.select_for_update().filter(pk=entry.enterprise_id).first()
    stem = f"{entry.template.prefix}-{timezone.localdate().year}-"
    last = (
        Entry.objects.filter(enterprise_id=entry.enterprise_id, number__startswith=stem)
        .order_by("-number").values_list("number", flat=True).first()
    )  # fmt: skip
    return f"{stem}{(int(last.rpartition('-')[2]) if last else 0) + 1:04d}"


@transaction.atomic
def drop_draft(entry: Entry, *, by: User) -> None:
    """Delete a draft that was never entered."""
    entry = _held(entry)
    if entry.state != Entry.State.DRAFT or not entry.can_edit(by):
        raise Refused(_("只有草稿可以删除。"), code="entered")
    entry.delete()


@transaction.atomic
def void_entry(entry: Entry, because: str, *, by: User) -> None:
    """Call off what was entered, with a reason; it stays readable and no longer counts."""
    post = by.post
    if post is None or post.organisation_id != entry.enterprise_id or not by.may(powers.MANAGE_ENTERPRISE):
        raise Refused(_("作废由本企业管理人员办理。"), code="not_manager", status=403)
    if not because.strip():
        raise Refused(_("请写明作废原因。"), code="reason", status=422, field="because")
    done = Entry.objects.filter(
        pk=entry.pk, state__in=[Entry.State.KEPT, Entry.State.PENDING, Entry.State.RETURNED, Entry.State.VALID]
    ).update(
        state=Entry.State.VOID,
        ended_at=timezone.now(),
        ended_by=by,
        ended_words=because.strip()[:300],
        revision=F("revision") + 1,
    )
    if not done:
        raise Refused(_("这一条已经完结或作废，没有改动。"), code="ended")
    record("void_entry", entry, by=by, region_code=entry.region_code, because=because.strip()[:300])


@transaction.atomic
def attach_file(entry: Entry, key: str, content: IO[bytes], name: str, *, by: User) -> EntryFile:
    """Keep a photo or attachment of one field. Raises `Refused` (422): too large, no picture, too many, no such field."""
    entry = _held(entry)
    _check_may_edit(entry, by)
    one = entry.version.by_key(key)
    if one is None or one["kind"] not in FILES:
        raise Refused(_("这张表没有这个附件栏，没有保存。"), code="no_field", status=422)
    if entry.files.filter(key=key).count() >= MAX_FILES:
        raise Refused(_("一栏最多 %(n)d 个文件。") % {"n": MAX_FILES}, code="too_many_files", status=422)
    owner = ("ledgers.entry", str(entry.pk))
    if one["kind"] == "photo":
        picture = keep_picture(content, name, owner, by.pk)
        kept = EntryFile.objects.create(
            entry=entry,
            key=key,
            original=picture.original,
            shown=picture.shown,
            taken_at=picture.facts["taken_at"],
            by=by,
        )
    else:
        kept = EntryFile.objects.create(
            entry=entry, key=key, original=store(content, name=name, owner=owner, by_id=by.pk), by=by
        )
    if entry.state == Entry.State.KEPT:
        EntryChange.objects.create(entry=entry, key=key, label=one["label"][:60], after=name[:200], by=by)
    return kept


@transaction.atomic
def remove_file(file: EntryFile, *, by: User) -> None:
    """Take a file off an entry that may still be edited; the stored bytes stay for whoever audits. Signatures stay.

    Raises `Refused`: sealed (409), not theirs (403), no photo or attachment (422).
    """
    entry = _held(file.entry)
    _check_may_edit(entry, by)
    one = entry.version.by_key(file.key)
    if one is None or one["kind"] not in FILES:
        raise Refused(_("签名不能去掉，没有改动。"), code="no_field", status=422)
    if entry.state == Entry.State.KEPT:
        EntryChange.objects.create(entry=entry, key=file.key, label=one["label"][:60], before=file.original.name, by=by)
    file.delete()


def keep_signature(entry: Entry, key: str, drawn: str, *, by: User) -> EntryFile | None:
    """Keep a drawn signature (a data URL of a PNG); None when nothing was drawn. Raises `Refused` (422)."""
    if not drawn:
        return None
    data = b""
    if drawn.startswith("data:image/png;base64,") and len(drawn) <= MAX_SIGNATURE:
        with suppress(binascii.Error, ValueError):
            data = base64.b64decode(drawn.partition(",")[2], validate=True)
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Refused(_("签名没有认出来，没有保存。请清除后重签，或写上姓名。"), code="signature", status=422)
    picture = keep_picture(io.BytesIO(data), "signature.png", ("ledgers.entry", str(entry.pk)), by.pk)
    return EntryFile.objects.create(entry=entry, key=key, original=picture.original, shown=picture.shown, by=by)


def _draw_signatures(entry: Entry, typed: Typed, found: Read, by: User) -> None:
    for one in entry.version.fields:
        if one["kind"] == "signature" and one["key"] not in found.hidden:
            drawn = str(typed.get(f"v.{one['key']}.drawn", "") or "")
            file = None if drawn == CLEARED else keep_signature(entry, one["key"], drawn, by=by)
            if drawn and entry.state == Entry.State.DRAFT:
                # What a draft kept of an earlier stroke is nobody's signature.
                entry.files.filter(key=one["key"]).exclude(pk=file.pk if file else 0).delete()
            if file is not None:
                value = found.values.get(one["key"]) or {"name": by.name}
                found.values[one["key"]] = {**value, "file": file.pk}
                found.errors.pop(one["key"], None)
