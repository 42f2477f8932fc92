"""Subscribing and leaving, with an account and without."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.channels import mail
from anlan.content.models import Heard, Subscription, Term, Visitor, VisitorLetter
from anlan.content.subscriptions.conditions import Mark
from anlan.content.subscriptions.links import CONFIRM_HOURS, confirm_path, read_confirm, read_leave
from anlan.lib.crypto import blind_index
from anlan.lib.errors import Refused
from anlan.notifications.kinds import GROUPS
from anlan.notifications.models import Preference, Rhythm

MOST_TERMS: Final = 40
LETTERS_A_DAY: Final = 3
"""Letters that ask a visitor to confirm, per address and day: the form must not serve to pester a stranger."""


@transaction.atomic
def save_subscription(
    user: User, terms: Iterable[Mark], *, rhythm: str, channels: Iterable[str], subscription: Subscription | None = None
) -> Subscription:
    """Add a subscription of one's own, or change it. Raises `Refused`: 404 not one's own, 409 too many, 422 no condition."""
    wanted = _checked(terms)
    User.objects.select_for_update().get(pk=user.pk)  # two tabs must not both take the last place
    if subscription is None:
        if Subscription.objects.filter(user=user).count() >= Subscription.MOST:
            raise Refused(_("您已经有 %(n)d 个订阅，先删掉不用的。") % {"n": Subscription.MOST}, code="too_many")
        subscription = Subscription(user=user)
    elif subscription.user_id != user.pk:
        raise Refused(_("没有这个订阅。"), code="not_found", status=404)
    subscription.rhythm = rhythm if rhythm in Subscription.Rhythm.values else str(Subscription.Rhythm.DAILY)
    subscription.channels = [name for name in Subscription.CHANNELS if name in set(channels)]
    if "mail" in subscription.channels:
        # An empty choice means that all e-mail was stopped; whoever asks for letters here takes that back for these alone.
        never = dict.fromkeys(GROUPS, str(Rhythm.NEVER))
        Preference.objects.filter(user=user, mail={}).update(mail=never)
    _write(subscription, wanted)
    return subscription


@transaction.atomic
def drop_subscription(subscription: Subscription, *, by: User) -> None:
    """End a subscription of one's own. Raises `Refused` (404)."""
    if not Subscription.objects.visible_to(by).filter(pk=subscription.pk).delete()[0]:
        raise Refused(_("没有这个订阅。"), code="not_found", status=404)


@transaction.atomic
def ask_visitor(email: str, terms: Iterable[Mark], *, rhythm: str) -> None:
    """Note what somebody without an account wants, and write to the address; it counts once the link is followed.

    Nothing tells whether the address is known. Raises `Refused`: e-mail not configured (503), no condition (422).
    """
    wanted = _checked(terms)
    if not mail.is_ready():
        raise Refused(
            _("这里还没有配置电子邮件，暂时不能用邮箱订阅。可以用 RSS，或者登录后订阅。"),
            code="mail_unconfigured",
            status=503,
        )
    now, index = timezone.now(), blind_index("visitor-email", email.strip().lower())
    visitor, _new = Visitor.objects.select_for_update().get_or_create(
        email_index=index, defaults={"email": email.strip(), "language": get_language() or ""}
    )
    asked = visitor.letters.filter(key__startswith="confirm:", created_at__gt=now - timedelta(days=1)).count()
    if asked >= LETTERS_A_DAY or visitor.subscriptions.count() >= Subscription.MOST:
        return  # said the same as always: whether an address is known is nobody's business
    chosen = rhythm if rhythm in Subscription.Rhythm.values else str(Subscription.Rhythm.DAILY)
    subscription = Subscription(visitor=visitor, rhythm=chosen, channels=["mail"], active=False)
    _write(subscription, wanted)
    words = _("%(n)d 小时内有效。不是您要订的，不用理会，不会再有信。") % {"n": CONFIRM_HOURS}
    lines = [[_("点开链接，确认订阅"), words, confirm_path(subscription.pk, index)]]
    VisitorLetter.objects.create(
        visitor=visitor,
        key=f"confirm:{subscription.pk}",
        letter={"title": _("确认您的订阅"), "lines": lines},
        next_at=now,
    )


@transaction.atomic
def confirm_visitor(token: str) -> Subscription:
    """Let a visitor's subscription begin. Raises `Refused` (422): forged, too old, or left since."""
    pk, index = read_confirm(token)
    found = Subscription.objects.select_related("visitor").filter(pk=pk, visitor__email_index=index).first()
    if found is None or found.visitor is None:
        raise Refused(_("这个订阅已经取消了。想要的话，请重新订阅一次。"), code="gone", status=422)
    if not found.active:
        Subscription.objects.filter(pk=pk).update(active=True)
        Visitor.objects.filter(pk=found.visitor.pk, confirmed_at__isnull=True).update(confirmed_at=timezone.now())
    return found


@transaction.atomic
def leave(token: str) -> None:
    """End the e-mail that a letter belongs to, without signing in; a visitor without subscriptions is forgotten.

    Raises `Refused` (422) when the address is forged.
    """
    who, pk, subscription = read_leave(token)
    rows = Subscription.objects.filter(**{who: pk}) if who in ("user", "visitor") else Subscription.objects.none()
    if subscription:
        rows = rows.filter(pk=subscription)
    if who == "visitor":
        rows.delete()
        Visitor.objects.filter(pk=pk, subscriptions__isnull=True).delete()
        return
    for row in rows.select_for_update():
        row.channels = [name for name in row.channels if name != "mail"]
        row.save(update_fields=["channels"])


def _checked(terms: Iterable[Mark]) -> list[Mark]:
    wanted = list(dict.fromkeys(terms))
    if not wanted:
        raise Refused(_("至少选一个条件，不然每一篇都会发给您。"), code="no_terms", status=422)
    if len(wanted) > MOST_TERMS:
        raise Refused(
            _("条件太多了，最多 %(n)d 个。可以分成两个订阅。") % {"n": MOST_TERMS}, code="too_many_terms", status=422
        )
    return wanted


def _write(subscription: Subscription, terms: list[Mark]) -> None:
    subscription.facets = len({facet for facet, _value in terms})
    subscription.save()
    subscription.terms.all().delete()
    Term.objects.bulk_create(Term(subscription=subscription, facet=facet, value=value) for facet, value in terms)
    if subscription.rhythm == Subscription.Rhythm.NOW:  # what waited for a digest waits no more
        Heard.objects.filter(subscription=subscription, sent_at__isnull=True).update(sent_at=timezone.now())
