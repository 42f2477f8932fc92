"""What is due about the performance: appeals that wait for an answer."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.lib.due import Due
from anlan.supervision.models import Appeal

ANSWER_DAYS = 15
"""As long as one has to appeal."""
COUNTY_DIGITS = 6


def due_for(user: User) -> list[Due]:
    """Return one card for the open appeals of the county, with the oldest one's last day; at most one query."""
    post = user.post
    if (
        post is None
        or not post.is_territorial
        or len(post.region_code) != COUNTY_DIGITS
        or not user.may(powers.SET_RULES)
    ):
        return []
    rows = list(Appeal.objects.visible_to(user).open().exclude(by=user).select_related("score").order_by("pk")[:50])
    if not rows:
        return []
    first = rows[0]
    url = reverse("supervision:appeal", args=[first.pk]) if len(rows) == 1 else reverse("supervision:appeals")
    title = _("%(n)d 条考评申诉等您答复") % {"n": len(rows)}
    return [
        Due(
            title,
            f"{first.score.name}：{first.words}",
            _("答复申诉"),
            url,
            "message-circle",
            at=first.at + timedelta(days=ANSWER_DAYS),
            count=len(rows),
        )
    ]
