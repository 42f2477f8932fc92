"""What a manager must do about the firm's file and workers."""

from datetime import datetime, time

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Roster
from anlan.enterprises.queries import permits_ending
from anlan.lib.due import Due


def due_for(user: User) -> list[Due]:
    """Rosters that wait for a decision, a permit that ends within 60 days. Two queries, none without the power."""
    if user.post is None or not user.post.organisation_id or not user.may(powers.MANAGE_ENTERPRISE):
        return []
    dues: list[Due] = []
    for firm in Enterprise.objects.visible_to(user).filter(permits_ending()):
        assert firm.permit_until is not None  # noqa: S101 (filtered above)
        over = firm.permit_until < timezone.localdate()
        dues.append(
            Due(
                title=_("安全生产许可证已经过期") if over else _("安全生产许可证快到期了"),
                reason=_("许可证 %(number)s，换证后请更新档案。") % {"number": firm.permit_number or "—"},
                action=_("更新许可证"),
                url=reverse("enterprises:edit"),
                icon="license",
                at=timezone.make_aware(datetime.combine(firm.permit_until, time(23, 59, 59))),
            )
        )
    waiting = Roster.objects.visible_to(user).filter(state__in=[Roster.State.READ, Roster.State.FAILED])
    for roster in waiting.select_related("file").order_by("-pk")[:3]:
        failed = roster.state == Roster.State.FAILED
        dues.append(
            Due(
                title=_("花名册导入中断了") if failed else _("花名册等您确认"),
                reason=_("“%(name)s”，共 %(n)d 行。") % {"name": roster.file.name, "n": roster.rows},
                action=_("接着导入") if failed else _("核对并导入"),
                url=reverse("enterprises:roster", args=[roster.pk]),
                icon="table-import",
            )
        )
    return dues
