"""Demo: two people who chose their channels, and messages in every state."""

from datetime import time

from django.utils import timezone

from anlan.notifications.actions import notify, save_preference
from anlan.notifications.delivery import route
from anlan.notifications.models import Delivery, Preference
from anlan.operations.demo.cast import Cast


def lay_notices(cast: Cast) -> None:
    """Lay preferences and deliveries. Safe to run again."""
    if Preference.objects.filter(user=cast.boss).exists():
        return
    now, quiet = timezone.now(), (time(22), time(7))
    for user, email, rhythms in (
        (cast.boss, "boss@demo.invalid", {"training": "daily"}),
        (cast.town, "town@demo.invalid", {"hazards": "instant"}),
    ):
        preference = save_preference(user, sms=["hazards"], rhythms=rhythms, sms_urgent=True, wake=False, quiet=quiet)
        preference.email, preference.email_confirmed_at = email, now
        preference.save(update_fields=["email", "email_confirmed_at"])
    route()
    notify(
        [cast.boss, cast.town],
        "hazard_overdue",
        "有一条隐患逾期，已转镇街联合整治（演示）",
        key="demo:hazard-overdue",
        url="/hazards/",
    )
    route()
    made = list(Delivery.objects.filter(notice__key="demo:hazard-overdue").order_by("pk"))
    outcomes = (("sent", ""), ("failed", "邮件服务器暂时连不上，过一会儿会再试。"), ("sent", ""))
    for delivery, (state, because) in zip(made, outcomes, strict=False):
        Delivery.objects.filter(pk=delivery.pk).update(state=state, because=because, tries=1, done_at=now)
