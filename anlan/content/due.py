"""What is due about the texts of the site: to sign, to mend, to release."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.models import Entry, ReviewRound, Signature
from anlan.content.people import hindrance, valid, writers
from anlan.lib.due import Due

SHOWN: Final = 5


def due_for(user: User) -> list[Due]:
    """Return what the present post must do about texts; no query for whoever edits nothing, else a few."""
    if user.post is None or not user.may(powers.EDIT_CONTENT):
        return []
    dues = []
    rounds = ReviewRound.objects.at_stage_of(user).select_related("page").prefetch_related("signatures")
    for current in rounds.order_by("due_at", "pk")[: SHOWN * 2]:
        signed, wrote = valid(current.signatures.all(), current.hash), writers(current.page)
        kinds = (Signature.Kind.REVIEW, Signature.Kind.PROOF)
        if all(hindrance(current, user, kind, wrote=wrote, signed=signed) for kind in kinds):
            continue
        title = _("有稿件等您%(stage)s") % {"stage": current.get_stage_display()}
        url = reverse("content:draft", args=[current.page_id])
        dues.append(Due(title, str(current.page), _("去审稿"), url, "checks", at=current.due_at))
    if user.may(powers.REVIEW_FINAL):
        for current in ReviewRound.objects.overdue_releases().select_related("page")[:SHOWN]:
            url = reverse("content:draft", args=[current.page_id])
            dues.append(
                Due(_("到点没有发布"), str(current.page), _("去处理"), url, "alert-triangle", at=current.release_at)
            )
        passed = ReviewRound.objects.filter(state=ReviewRound.State.PASSED).select_related("page").order_by("pk")
        for current in passed[:SHOWN]:
            url = reverse("content:draft", args=[current.page_id])
            dues.append(Due(_("三审三校已齐，等您发布"), str(current.page), _("去发布"), url, "send"))
    back = Entry.objects.filter(owner=user, rounds__state=ReviewRound.State.RETURNED, has_unpublished_changes=True)
    for page in back.exclude(rounds__state__in=ReviewRound.OPEN).distinct().order_by("pk")[:SHOWN]:
        url = reverse("content:draft", args=[page.pk])
        dues.append(Due(_("稿件退回了，请修改"), str(page), _("去改稿"), url, "arrow-back-up"))
    return dues[: SHOWN * 2]
