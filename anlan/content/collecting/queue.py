"""What editors do with what was collected, and with the sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.actions.drafts import create_page, may_write
from anlan.content.models import Collected, Entry, Source
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

FIELDS: Final = (
    "name",
    "url",
    "kind",
    "section",
    "rhythm",
    "pattern",
    "area",
    "hosts",
    "gap",
    "most",
    "tags",
    "active",
)
_MARKS: Final = re.compile(r"([\\`*_\[\]<>#|~])")


def subject(item: Collected) -> tuple[str, str, str]:
    """A collected text as the record names it."""
    return ("content.collected", str(item.pk), item.title)


@transaction.atomic
def take_collected(item: Collected, *, by: User) -> Entry | None:
    """Make a draft of it, which goes through the three reviews like any other; None for a statute, which the law desk imports.

    Raises `Refused`: 404 no editor, 409 somebody decided already.
    """
    may_write(by)
    now = _locked(item)
    page: Entry | None = None
    if not now.is_law:
        page = create_page(now.section, _fields(now), by=by)
    now.state, now.page, now.assigned_to = Collected.State.TAKEN, page, by
    _decided(now, by)
    record("take_collected", subject(now), by=by, page=page.pk if page else None)
    return page


def _fields(item: Collected) -> dict[str, Any]:
    site = item.site or item.source_name
    source = item.source
    fields: dict[str, Any] = {
        "title": item.title[:80], "summary": item.summary, "body": as_markdown(item.text), "source_url": item.url[:400],
        "author_name": site[:60], "sources": [{"title": site, "url": item.url}], "tags": list(source.tags) if source else [],
        "regions": [source.region_code] if source and source.region_code else [],
    }  # fmt: skip
    return fields


def as_markdown(text: str) -> str:
    """Plain paragraphs as Markdown: one blank line between them, and no sign that would be read as markup."""
    return "\n\n".join(_MARKS.sub(r"\\\1", line.strip()) for line in text.splitlines() if line.strip())


@transaction.atomic
def drop_collected(items: Iterable[Collected], *, by: User, reason: str) -> int:
    """Put texts aside with a reason; return how many. Raises `Refused`: 404 no editor, 422 no reason."""
    may_write(by)
    if not reason.strip():
        raise Refused(_("请写一句为什么不用，下次遇到同样的就知道。"), code="no_reason", status=422, field="reason")
    done = 0
    for item in Collected.objects.select_for_update().filter(
        pk__in=[i.pk for i in items], state__in=("new", "duplicate")
    ):
        item.state, item.reason = Collected.State.DROPPED, reason.strip()[:200]
        _decided(item, by)
        record("drop_collected", subject(item), by=by, reason=item.reason)
        done += 1
    return done


@transaction.atomic
def restore_collected(item: Collected, *, by: User) -> None:
    """Put one that was dropped, or taken for a copy, back into the queue. Raises `Refused`: 404, 409."""
    may_write(by)
    back = Collected.objects.filter(pk=item.pk, state__in=("dropped", "duplicate"))
    if not back.update(state=Collected.State.NEW, reason="", decided_name="", decided_at=None):
        raise Refused(_("这一条不在不用或重复的里面。"), code="not_aside")
    record("restore_collected", subject(item), by=by)


@transaction.atomic
def assign_collected(items: Iterable[Collected], *, by: User, to: User) -> int:
    """Give texts to an editor, who is told; return how many. Raises `Refused`: 404 no editor, 422 `to` is none."""
    may_write(by)
    if not to.is_active or not any(powers.EDIT_CONTENT in post.role.powers for post in to.open_posts):
        raise Refused(_("%(name)s不是编辑，请选别的同事。") % {"name": to.name}, code="not_editor", status=422)
    rows = Collected.objects.filter(pk__in=[item.pk for item in items], state=Collected.State.NEW)
    pks = sorted(rows.values_list("pk", flat=True))
    n = rows.update(assigned_to=to)
    if n and to.pk != by.pk:
        notify(
            [to], "content_assigned",
            ngettext("%(name)s交给您 %(n)d 篇采集来的稿子", "%(name)s交给您 %(n)d 篇采集来的稿子", n) % {"name": by.name, "n": n},
            key=f"collected:{pks[0]}-{pks[-1]}:{timezone.now():%Y%m%d%H%M%S}", url="/editing/collected/?state=new&who=me",
        )  # fmt: skip
    return n


@transaction.atomic
def save_source(source: Source | None, values: Mapping[str, Any], *, by: User) -> Source:
    """Add or change a source (`FIELDS`). A new address begins without a memory of the old one. Raises `Refused` (404)."""
    may_write(by)
    fresh = source or Source()
    before = fresh.url
    for name in FIELDS:
        if name in values:
            setattr(fresh, name, values[name])
    if fresh.url != before:
        fresh.etag = fresh.modified = fresh.error = ""
        fresh.failures = 0
        fresh.next_at = None
    fresh.save()
    record("save_source", fresh, by=by, url=fresh.url, active=fresh.active)
    return fresh


@transaction.atomic
def switch_source(source: Source, *, by: User, on: bool) -> None:
    """Switch a source on or off. Raises `Refused` (404)."""
    may_write(by)
    if Source.objects.filter(pk=source.pk).exclude(active=on).update(active=on, failures=0, error="", next_at=None):
        record("switch_source", source, by=by, on=on)


@transaction.atomic
def run_now(source: Source, *, by: User) -> None:
    """Let the next run of the worker read this source, all of it again. Raises `Refused`: 404, 409 switched off."""
    may_write(by)
    if not Source.objects.filter(pk=source.pk, active=True).update(next_at=None, etag="", modified=""):
        raise Refused(_("这个来源没有启用，先启用再采。"), code="off")
    record("run_source", source, by=by)


def _locked(item: Collected) -> Collected:
    now = Collected.objects.select_for_update().select_related(None).get(pk=item.pk)
    if now.state not in (Collected.State.NEW, Collected.State.DUPLICATE):
        raise Refused(_("%(name)s已经处理过这一条了。") % {"name": now.decided_name or _("同事")}, code="decided")
    return now


def _decided(item: Collected, by: User) -> None:
    item.decided_name, item.decided_at = by.name, timezone.now()
    item.save(update_fields=["state", "page", "assigned_to", "reason", "decided_name", "decided_at"])
