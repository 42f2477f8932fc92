"""What a person must do about inspections and safety reports. Figures in few cards: one officer has hundreds of firms."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.hazards.models import Conflict, Inspection, Operation, SafetyReport
from anlan.hazards.sync.deciding import can_decide_doubts
from anlan.lib.due import Due

AHEAD = timedelta(days=7)
REPORT_DAYS = 3
"""An officer answers a report within three days: the firm may still cure and report again in the month."""
CARDS = 3
DOUBT_DAYS = 3
"""As long as a report: what is in doubt holds back the visits after it."""
MOST = 200


def due_for(user: User) -> list[Due]:
    """Reports to write (firm); patrols of the week and reports that wait (officer); visits planned (agency);
    offline work that waits for a decision (officer, town). Five queries at most."""
    if user.post is None:
        return []
    if user.post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
        return _reports_to_write(user)
    if not user.may(powers.INSPECT):
        return _doubts(user)
    return _visits(user) + _reports_to_review(user) + _clashes(user) + _doubts(user)


def _reports_to_write(user: User) -> list[Due]:
    rows = SafetyReport.objects.visible_to(user).filter(state__in=SafetyReport.WRITABLE).order_by("due_on", "pk")
    found = []
    for report in rows.select_related("checklist")[:CARDS]:
        back = report.state == SafetyReport.State.RETURNED
        left = len(report.checklist.items) - len(report.answers)
        if back:
            reason = _("网格员写了原因，改好再交。")
        elif left and report.answers:
            reason = _("还差 %(n)d 项，已填的都在。") % {"n": left}
        else:
            reason = _("%(n)d 项，五分钟左右。") % {"n": len(report.checklist.items)}
        title = _("%(title)s被退回") if back else _("填%(title)s")
        found.append(
            Due(
                title=title % {"title": report.title}, reason=reason, action=_("改好再交") if back else _("填报告"),
                url=reverse("hazards:report", args=[report.pk]), icon="report", at=report.due_at,
            )
        )  # fmt: skip
    return found


def _visits(user: User) -> list[Due]:
    today = timezone.localdate()
    mine = Inspection.objects.visible_to(user).open().filter(Q(inspector__isnull=True) | Q(inspector=user))
    post = user.post
    if post is not None and post.is_territorial and user.may(powers.COORDINATE):
        mine = mine.filter(Q(inspector=user) | Q(due_on__lt=today))  # patrols are the grids' until they are late
    near = mine.filter(due_on__lte=today + AHEAD)
    counted = near.aggregate(n=Count("pk"), late=Count("pk", Q(due_on__lt=today)), first=Min("due_on"))
    if not counted["n"]:
        return []
    late, first = counted["late"], counted["first"]
    title = ngettext("有 %(n)d 家企业要去检查", "有 %(n)d 家企业要去检查", counted["n"]) % {"n": counted["n"]}
    reason = _("其中 %(n)d 家已经逾期。") % {"n": late} if late else _("七天内到期，离得近的可以一趟走完。")
    sample = Inspection(due_on=first)
    return [
        Due(title=title, reason=reason, action=_("看检查任务"), url=f"{reverse('hazards:inspections')}?view=week", icon="route", at=sample.due_at, count=counted["n"])
    ]  # fmt: skip


def _reports_to_review(user: User) -> list[Due]:
    post = user.post
    if post is None or not post.is_territorial or user.may(powers.COORDINATE):
        return []
    rows = SafetyReport.objects.visible_to(user).filter(state=SafetyReport.State.SUBMITTED)
    counted = rows.aggregate(n=Count("pk"), first=Min("submitted_at"))
    if not counted["n"]:
        return []
    title = ngettext("%(n)d 份安全报告等您审核", "%(n)d 份安全报告等您审核", counted["n"]) % {"n": counted["n"]}
    return [
        Due(
            title=title, reason=_("可以用键盘一份接一份地审。"), action=_("审核报告"), url=reverse("hazards:reports"), icon="report",
            at=counted["first"] + timedelta(days=REPORT_DAYS), count=counted["n"],
        )
    ]  # fmt: skip


def _doubts(user: User) -> list[Due]:
    """Visits whose offline entries wait for the town: accept them or say why not. A gap mostly closes by itself."""
    if not can_decide_doubts(user):
        return []
    waiting = Operation.objects.visible_to(user).in_doubt().exclude(code="gap").exclude(device__user=user)
    visits = waiting.order_by().values("device_id", "task").annotate(first=Min("taken_at")).order_by("first")
    found = list(visits.values_list("first", flat=True)[:MOST])
    if not found:
        return []
    title = ngettext("%(n)d 次离线检查等人确认", "%(n)d 次离线检查等人确认", len(found)) % {"n": len(found)}
    reason = _("记录和照片都在，接收或说明不采用的原因。")
    url, at = reverse("hazards:quarantine"), found[0] + timedelta(days=DOUBT_DAYS)
    return [
        Due(title=title, reason=reason, action=_("看离线记录"), url=url, icon="cloud-upload", at=at, count=len(found))
    ]


def _clashes(user: User) -> list[Due]:
    """Answers of this person that differ from somebody else's: either of the two chooses."""
    rows = Conflict.objects.visible_to(user).open()
    mine = rows.filter(Q(inspection__inspector=user) | Q(operation__device__user=user))
    found = list(mine.order_by("inspection_id").values_list("inspection_id", "operation__taken_at")[:MOST])
    if not found:
        return []
    visits = {pk for pk, _at in found}
    one = len(visits) == 1
    url = reverse("hazards:conflicts", args=[found[0][0]]) if one else reverse("hazards:quarantine")
    at = min(at for _pk, at in found) + timedelta(days=DOUBT_DAYS)
    return [
        Due(
            title=_("两个人的检查结果不一样，请选一个"), reason=_("两边的内容都留着，选定之前不会改。"), action=_("去看看"), url=url,
            icon="arrows-split", at=at, count=len(visits),
        )
    ]  # fmt: skip
