"""Who hears of entries in doubt: the officer whose they are, and the town that decides."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.hazards import people
from anlan.hazards.models import Conflict, Hazard, Operation
from anlan.notifications.actions import notify


def tell_of_doubt(operation: Operation) -> None:
    """Tell the officer and the town once per device and visit. A gap is no news: it mostly closes by itself."""
    if operation.code == "gap":
        return
    region = operation.inspection.region_code if operation.inspection else operation.device.post.region_code
    notify(
        {operation.device.user_id, *people.officers_of(region, Hazard.Level.TOWN)},
        "hazard",
        _("有离线检查记录等人确认"),
        key=f"patrol-doubt:{operation.device_id}:{operation.task}",
        text=_("%(name)s的手机传来的记录没有直接生效：%(because)s内容都在，请接收或说明不采用的原因。")
        % {"name": operation.device.user.name, "because": operation.because},
        url=reverse("hazards:quarantine"),
    )


def tell_of_conflict(conflict: Conflict) -> None:
    """Tell both people of one inspection that they answered differently, once."""
    inspection = conflict.inspection
    both = {conflict.operation.device.user_id, inspection.inspector_id} - {None}
    notify(
        {pk for pk in both if pk},
        "hazard",
        _("两个人的检查结果不一样，请选一个"),
        key=f"patrol-conflict:{inspection.pk}",
        text=_("%(firm)s：两边的内容都留着，选定之前不会改。") % {"firm": inspection.enterprise},
        url=reverse("hazards:conflicts", args=[inspection.pk]),
    )
