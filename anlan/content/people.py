"""Who wrote a text, who may sign it now, and why not."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Revision

from anlan.accounts.models import User
from anlan.accounts.models.posts import Role
from anlan.content.models import Entry, ReviewRound, Signature
from anlan.content.models.reviews import POWER_OF
from anlan.lib.errors import Refused


def holders(*powers: str) -> QuerySet[User]:
    """Return the people who hold a post with one of these powers."""
    roles = [role.pk for role in Role.objects.all() if set(powers) & set(role.powers)]
    posts = Q(posts__role_id__in=roles, posts__until__isnull=True)
    return User.objects.filter(posts, is_active=True).distinct()


def revisions_of(page: Entry) -> QuerySet[Revision]:
    """Return all versions of a page, the newest first."""
    rows: QuerySet[Revision] = Revision.objects.filter(object_id=str(page.pk), base_content_type__model="page")
    return rows.order_by("-created_at", "-pk")


def writers(page: Entry) -> set[int]:
    """Return who wrote this text: the author, and everybody who changed it since it was last released."""
    rows = revisions_of(page).filter(user__isnull=False)
    last = page.rounds.filter(state=ReviewRound.State.RELEASED).order_by("-number").first()
    if last is not None:
        rows = rows.filter(pk__gt=last.revision_id)
    found = set(rows.values_list("user_id", flat=True))
    return found | ({page.owner_id} if page.owner_id else set())


def valid(rows: Iterable[Signature], text: str) -> list[Signature]:
    """Return the signatures that stand on exactly this text."""
    return [row for row in rows if row.void_at is None and row.hash == text]


def hindrance(
    current: ReviewRound, user: User, kind: str, *, wrote: set[int] | None = None, signed: list[Signature] | None = None
) -> Refused | None:
    """Return why `user` may not sign (or skip) the present stage, or None where they may.

    `wrote` and `signed` (signatures that stand): where the caller has read them already.
    """
    if current.state != ReviewRound.State.REVIEWING:
        return Refused(_("这篇稿件现在不在审校中。"), code="not_in_review")
    asked = POWER_OF[3] if kind == Signature.Kind.BYPASS else POWER_OF[current.stage]
    if not user.may(asked):
        return Refused(_("您现在的身份不负责这一审。"), code="not_your_stage", status=403)
    if user.pk in (writers(current.page) if wrote is None else wrote):
        return Refused(_("您写过或改过这篇稿件，要由别人来审。"), code="own_text", status=403)
    standing = valid(current.signatures.all(), current.hash) if signed is None else signed
    if kind == Signature.Kind.BYPASS:
        if current.stage == ReviewRound.Stage.FINAL:
            return Refused(_("终审不能跳过。"), code="final_stands", status=403)
        return None
    # Who skipped a stage has signed nothing there, and may be the only one who can sign the last.
    signed_before = (row for row in standing if row.kind != Signature.Kind.BYPASS and row.stage != current.stage)
    if any(row.person_id == user.pk for row in signed_before):
        return Refused(_("您已经签过另一审，同一个人不能签两审。请交给别的同事。"), code="second_stage", status=403)
    here = [row for row in standing if row.stage == current.stage]
    done = next((row for row in here if row.kind == kind), None)
    if done is not None:
        return Refused(_("%(name)s已经签过这一项了。") % {"name": done.name}, code="signed_already")
    if settings.ANLAN_PROOF_APART and any(row.person_id == user.pk for row in here):
        return Refused(_("这里规定审和校由两个人签，请交给别的同事。"), code="proof_apart", status=403)
    return None


def is_complete(current: ReviewRound, signed: Iterable[Signature]) -> bool:
    """Whether all three stages stand on the present text, each with review and proof, or skipped with a reason."""
    return all(stage_done(stage, valid(signed, current.hash)) for stage in ReviewRound.Stage.values)


def stage_done(stage: int, standing: Iterable[Signature]) -> bool:
    """Whether a stage has both signatures, or was skipped."""
    kinds = {row.kind for row in standing if row.stage == stage}
    return Signature.Kind.BYPASS in kinds or kinds >= {Signature.Kind.REVIEW, Signature.Kind.PROOF}
