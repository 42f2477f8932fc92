"""Writing: a page is begun, changed, handed in, taken back, put back to an older version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin
from wagtail.models import Locale, Page, Revision

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.checking import lacking
from anlan.content.deadlines import stage_due
from anlan.content.models import SECTION_MODELS, Entry, HomeRoot, ReviewRound
from anlan.content.models.reviews import POWER_OF
from anlan.content.people import holders, writers
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

STALE = _("%(name)s刚刚改过这篇稿件，您写的还在下面。请对照着再存一次。")


def subject(page: Entry) -> tuple[str, str, str]:
    """A page as the record names it."""
    return ("content.entry", str(page.pk), str(page)[:200])


def ensure_home() -> HomeRoot:
    """Return the page above all others, made at first use."""
    found: HomeRoot | None = HomeRoot.objects.filter(depth=2).first()
    if found is not None:
        return found
    Locale.objects.get_or_create(language_code="zh-hans")
    root = Page.objects.filter(depth=1).first() or Page.add_root(instance=Page(title="Root", slug="root"))
    home: HomeRoot = root.add_child(instance=HomeRoot(title="安澜", slug="anlan"))
    return home


def shelf(section: str) -> HomeRoot:
    """Return the parent of all pages of a section, locked: the tree numbers its children. Slugs are free of those of
    other sections."""
    home = HomeRoot.objects.select_for_update().get(pk=ensure_home().pk)
    found: HomeRoot | None = HomeRoot.objects.select_for_update().filter(depth=3, slug=section).first()
    if found is None:
        made: HomeRoot = home.add_child(instance=HomeRoot(title=section, slug=section))
        return made
    return found


def may_write(by: User) -> None:
    """Refuse (404) whoever does not edit the site."""
    if not by.may(powers.EDIT_CONTENT):
        raise Refused(_("没有这个页面。"), code="not_found", status=404)


def free_slug(section: str, title: str) -> str:
    """An address for a title that no page of the section has: its pinyin, cut at 60, with a number where needed."""
    base = slugify("-".join(lazy_pinyin(title)))[:60].strip("-") or "page"
    taken = set(Entry.objects.filter(section=section, slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, 10_000) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


@transaction.atomic
def create_page(section: str, values: Mapping[str, Any], *, by: User) -> Entry:
    """Begin a page of a section (`Entry.Section`) with these fields; its first version is a draft.

    `values` are fields of the section's model. Raises `Refused`: 404 no editor, 422 fields that do not hold.
    """
    may_write(by)
    parent = shelf(section)
    fields = {"author_name": by.name, **values}
    page = SECTION_MODELS[section](
        **fields, slug=free_slug(section, str(values.get("title", ""))), live=False, owner=by, edited=True
    )
    page.locale = Locale.objects.get(pk=parent.locale_id)
    try:
        parent.add_child(instance=page)
        page.save_revision(user=by)
    except ValidationError as error:
        raise _invalid(error) from error
    record("create_page", subject(page), by=by, section=section)
    return page


@transaction.atomic
def save_page(page: Entry, values: Mapping[str, Any], *, by: User, seen: int | None = None) -> bool:
    """Keep a new version of a page; return whether a word changed. What is public stays until the next release.

    `seen`: the version that the writer had before them. Signatures on the text before become void, and an open round
    begins again at the first stage. Raises `Refused`: 404 no editor, 409 somebody else wrote meanwhile, 422.
    """
    may_write(by)
    latest = Page.objects.select_for_update().values_list("latest_revision_id", flat=True).get(pk=page.pk)
    if seen is not None and latest is not None and seen != latest:
        other = Revision.objects.filter(pk=latest).values_list("user__name", flat=True).first()
        raise Refused(STALE % {"name": other or _("别人")}, code="stale")
    draft = newest(page)
    before = draft.content_hash
    for name, value in values.items():
        setattr(draft, name, value)
    if draft.content_hash == before and all(_same(draft, page, name) for name in values if name not in draft.TEXTS):
        return False
    try:
        revision = draft.save_revision(user=by)
    except ValidationError as error:
        raise _invalid(error) from error
    Entry.objects.filter(pk=page.pk).update(edited=True)
    record("edit_page", subject(draft), by=by, before=before[:12], after=draft.content_hash[:12])
    current = page.rounds.select_for_update().open().first()
    if current is not None:
        _begin_again(current, revision, draft, by)
    return True


def newest(page: Entry) -> Entry:
    """The page as it is being written: the newest version, as its own kind, read again from the database."""
    own: Entry = SECTION_MODELS[page.section].objects.get(pk=page.pk)
    found: Entry = own.get_latest_revision_as_object()
    return found


def _same(draft: Entry, page: Entry, name: str) -> bool:
    return bool(getattr(draft, name) == getattr(newest(page), name))


def _invalid(error: ValidationError) -> Refused:
    words = "；".join(error.messages)
    return Refused(_("没有保存：%(why)s") % {"why": words}, code="invalid", status=422)


def _begin_again(current: ReviewRound, revision: Revision, draft: Entry, by: User) -> None:
    """The text was changed on its way: every signature is void, and the first stage is asked again."""
    signed = list(current.signatures.filter(void_at__isnull=True).values_list("person_id", flat=True))
    current.signatures.filter(void_at__isnull=True).update(void_at=timezone.now())
    current.revision, current.hash = revision, draft.content_hash
    current.stage, current.state = ReviewRound.Stage.FIRST, ReviewRound.State.REVIEWING
    current.due_at, current.release_at, current.trouble = stage_due(timezone.now()), None, ""
    current.save()
    told = {pk for pk in signed if pk and pk != by.pk}
    notify(
        told, "review_void", _("《%(title)s》改过了，您的签字不再有效") % {"title": draft.title},
        key=f"review-void:{current.pk}:{revision.pk}", url=reverse("content:draft", args=[current.page_id]),
    )  # fmt: skip
    tell_stage(current)


def tell_stage(current: ReviewRound) -> None:
    """Tell whoever may sign the present stage that a text waits for them."""
    wrote = writers(current.page)
    signed = set(current.signatures.filter(void_at__isnull=True).values_list("person_id", flat=True))
    people = [user for user in holders(POWER_OF[current.stage]) if user.pk not in wrote | signed]
    notify(
        people, "review_asked",
        _("《%(title)s》等您%(stage)s") % {"title": current.page, "stage": current.get_stage_display()},
        key=f"review:{current.pk}:{current.stage}:{current.hash[:16]}", url=reverse("content:draft", args=[current.page_id]),
    )  # fmt: skip


@transaction.atomic
def submit_page(page: Entry, *, by: User) -> ReviewRound:
    """Hand in the newest version for the first review. Raises `Refused`: 404, 409 on its way already, 422 what lacks."""
    may_write(by)
    Page.objects.select_for_update().filter(pk=page.pk).first()
    draft = newest(page)
    if page.rounds.open().exists():
        raise Refused(_("这篇稿件已经在审校中了。"), code="in_review")
    if draft.is_public and not draft.has_unpublished_changes:
        raise Refused(_("发布以后没有改动，不用送审。"), code="unchanged")
    missing = lacking(draft)
    if missing:
        raise Refused(
            _("还不能送审，缺：%(what)s。稿件已保存。") % {"what": "、".join(missing)}, code="lacking", status=422
        )
    revision = draft.get_latest_revision() or draft.save_revision(user=by)
    number = (page.rounds.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    current = ReviewRound.objects.create(
        page=Entry.objects.get(pk=page.pk), number=number, revision=revision, hash=draft.content_hash,
        due_at=stage_due(timezone.now()), submitted_by=by, submitted_name=by.name,
    )  # fmt: skip
    record("submit_page", subject(draft), by=by, round=number, hash=current.hash)
    tell_stage(current)
    return current


@transaction.atomic
def take_back(current: ReviewRound, *, by: User, words: str = "") -> None:
    """Take a text back from review. Raises `Refused`: 404 no editor, 403 another's text, 409 at an end already."""
    may_write(by)
    if by.pk not in writers(current.page) | {current.submitted_by_id}:
        raise Refused(_("只有作者能把稿件撤回来。"), code="not_yours", status=403)
    done = ReviewRound.objects.open().filter(pk=current.pk).update(
        state=ReviewRound.State.DROPPED, words=words, ended_name=by.name, ended_at=timezone.now(), release_at=None
    )  # fmt: skip
    if not done:
        raise Refused(_("这篇稿件已经不在审校中了。"), code="not_in_review")
    record("take_back_page", subject(current.page), by=by, round=current.number, reason=words)


@transaction.atomic
def roll_back(page: Entry, revision: Revision, *, by: User) -> bool:
    """Make an older version the newest draft, which is reviewed like any other. Return whether anything changed."""
    may_write(by)
    if str(revision.object_id) != str(page.pk):
        raise Refused(_("没有这个版本。"), code="not_found", status=404)
    old = revision.as_object()
    names = [field.name for field in old._meta.get_fields() if field.name in old.TEXTS]
    changed = save_page(page, {name: getattr(old, name) for name in names}, by=by)
    if changed:
        record("roll_back_page", subject(page), by=by, version=revision.pk)
    return changed
