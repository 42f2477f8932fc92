"""Writes on single workers."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.enterprises.actions.workforce import JOB_FIELDS, plan_lines, take_on
from anlan.enterprises.models import Enterprise, Worker
from anlan.enterprises.roster_reading import Line
from anlan.lib.errors import Refused
from anlan.tallies.actions import tally


def count_workers(enterprise: Enterprise, amount: int) -> None:
    """Tell the counters of open jobs, in the caller's transaction."""
    tally(
        "workers", amount, subject=("enterprise", enterprise.pk), when=timezone.now(),
        region_code=enterprise.organisation.region_code, industry=enterprise.trade,
    )  # fmt: skip


def _may_manage(enterprise: Enterprise, by: User) -> None:
    if not enterprise.is_managed_by(by):
        raise Refused(gettext_lazy("这家企业的员工只能由它的负责人和安全管理员登记。"), code="not_manager", status=403)


@transaction.atomic
def add_worker(enterprise: Enterprise, line: Line, *, by: User) -> Worker:
    """Take one person on, by the rules of `workforce`. Raises `Refused` (422) in the words a roster would use."""
    _may_manage(enterprise, by)
    plan = plan_lines(enterprise, [line])[0]
    if plan.reason:
        raise Refused(plan.reason + "。", code="person_mismatch", status=422)
    if plan.job is not None:
        raise Refused(_("%(name)s 已经在名单里了。") % {"name": line.name}, code="already_here", status=422)
    try:
        with transaction.atomic():
            worker = Worker.objects.select_related("user").get(pk=take_on(enterprise, [plan])[0].worker_id)
    except IntegrityError:
        raise Refused(gettext_lazy("刚刚有人登记了同一个人，请刷新后再看。"), code="already_here") from None
    count_workers(enterprise, 1)
    record("add_worker", worker, by=by, region_code=enterprise.organisation.region_code)
    return worker


def is_ours(worker: Worker) -> bool:
    """Whether the firm may correct the person's name and numbers: nobody signs in yet, and no other post relies on them."""
    user = worker.user
    if user.phone_verified or user.last_login is not None:
        return False
    as_worker = {"organisation_id": worker.enterprise_id, "role_id": "worker"}
    return not Post.objects.open().filter(user=user).exclude(**as_worker).exists()


@transaction.atomic
def edit_worker(worker: Worker, line: Line, *, by: User) -> None:
    """Write what the form says of the job, and of the person where `is_ours`; blank fields are emptied.

    Raises `Refused` (422) when a number belongs to somebody else; `field` names it.
    """
    _may_manage(worker.enterprise, by)
    if is_ours(worker):
        _edit_person(worker.user, line)
    values = {name: getattr(line, name) for name in JOB_FIELDS}
    values["category"] = line.category or Worker.Category.OTHER
    if not Worker.objects.working().filter(pk=worker.pk).update(**values):
        raise Refused(gettext_lazy("这个人已经标为离职，先恢复在职再修改。"), code="has_left")
    Post.objects.filter(
        user_id=worker.user_id, organisation_id=worker.enterprise_id, role_id="worker", until__isnull=True
    ).update(title=line.job_title)
    record("edit_worker", worker, by=by, region_code=worker.enterprise.organisation.region_code)


def _edit_person(user: User, line: Line) -> None:
    user.name = line.name
    user.set_phone(line.phone)
    user.set_id_number(line.id_number)
    try:
        with transaction.atomic():
            user.save(update_fields=["name", "phone", "phone_index", "id_number", "id_index"])
    except IntegrityError:
        other = User.objects.exclude(pk=user.pk)
        field = "phone" if user.phone_index and other.filter(phone_index=user.phone_index).exists() else "id_number"
        words = (
            _("这个手机号已经登记在另一个人名下，请核对。")
            if field == "phone"
            else _("这个身份证号已经登记在另一个人名下，请核对。")
        )
        raise Refused(words, code="number_taken", status=422, field=field) from None


@transaction.atomic
def leave_worker(worker: Worker, *, by: User, on: date | None = None) -> None:
    """Close the job and the worker's post. Whoever holds another post in the firm must be relieved of it first."""
    _may_manage(worker.enterprise, by)
    day = on or timezone.localdate()
    posts = Post.objects.filter(user_id=worker.user_id, organisation_id=worker.enterprise_id, until__isnull=True)
    other = posts.exclude(role_id="worker").select_related("role").first()
    if other is not None:
        raise Refused(
            _("%(name)s 还担任%(role)s。请先在“人员与身份”里撤下，再标为离职。")
            % {"name": worker.user.name, "role": other.role.name},
            code="holds_post",
        )
    if not Worker.objects.working().filter(pk=worker.pk).update(left_on=day):
        raise Refused(gettext_lazy("这个人已经标为离职了。"), code="has_left")
    posts.update(until=day)
    count_workers(worker.enterprise, -1)
    record("leave_worker", worker, by=by, region_code=worker.enterprise.organisation.region_code, on=day.isoformat())


@transaction.atomic
def return_worker(worker: Worker, *, by: User) -> None:
    """Take back `leave_worker`: the job is open again, with a post."""
    _may_manage(worker.enterprise, by)
    try:
        with transaction.atomic():
            opened = Worker.objects.filter(pk=worker.pk, left_on__isnull=False).update(left_on=None)
    except IntegrityError:
        raise Refused(gettext_lazy("这个人已经重新入职，有一条在职记录，不用再恢复。"), code="already_here") from None
    if not opened:
        raise Refused(gettext_lazy("这个人现在就是在职。"), code="not_left")
    Post.objects.get_or_create(
        user_id=worker.user_id, organisation_id=worker.enterprise_id, role_id="worker", until=None,
        defaults={"title": worker.job_title},
    )  # fmt: skip
    count_workers(worker.enterprise, 1)
    record("return_worker", worker, by=by, region_code=worker.enterprise.organisation.region_code)
