"""Certificates of the demo: in force, soon to end, expired, revoked, and one request that waits for a second person."""

from datetime import datetime, timedelta

from django.utils import timezone

from anlan.accounts.models import User
from anlan.certificates import actions, log
from anlan.certificates.models import Certificate
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment, TrainingClass

PAST: tuple[tuple[str, str, str, int, float, tuple[str, ...]], ...] = (
    # title, kind, held by, issued so many days ago, hours, people; oldest first: the log knows no other order
    ("2025 年度安全再培训", "annual", "forge", 400, 20, ("worker", "manager")),
    ("年度安全再培训", "annual", "forge", 330, 20.5, ("boss", "manager")),
    ("特种设备与厂内机动车辆安全", "special", "school", 322, 12, ("worker",)),
    ("新上岗人员三级安全教育", "initial", "forge", 60, 72, ("worker", "boss")),
    ("食品加工企业有限空间作业安全", "special", "school", 40, 8, ("other_boss", "other_worker")),
    ("电气作业安全", "special", "school", 9, 16, ("worker",)),
)
REVOKED = ("年度安全再培训", "boss", "学时由他人代学，经调阅学习记录核实")
ASKED = ("食品加工企业有限空间作业安全", "other_worker", "考试由他人代考，监考记录与本人不符")


def lay_certificates(cast: Cast) -> None:
    """Issue, sign and revoke. Safe to run again: does nothing once the worker has a certificate."""
    if Certificate.objects.filter(user=cast.worker).exists():
        return
    now = timezone.now()
    made = {
        (title, key): _issue(cast, key, title, kind, host, hours, now - timedelta(days=days))
        for title, kind, host, days, hours, keys in PAST
        for key in keys
    }
    head = log.sign_head(every=timedelta(0))
    for certificate in made.values():
        if head is not None:
            actions.sign_certificate(certificate, head)
    title, key, why = REVOKED
    revocation = actions.ask_revocation(made[title, key], by=cast.county, because=why)
    actions.decide_revocation(revocation, by=cast.city, approve=True)
    title, key, why = ASKED
    actions.ask_revocation(made[title, key], by=cast.city, because=why)
    log.sign_head(every=timedelta(0))


def _issue(cast: Cast, key: str, title: str, kind: str, host: str, hours: float, at: datetime) -> Certificate:
    person: User = cast.people[key]
    employer = cast.bakery if key.startswith("other") else cast.forge
    organisation = cast.organisations[host]
    held, _new = TrainingClass.objects.get_or_create(
        title=title,
        organisation=organisation,
        starts_on=(at - timedelta(days=30)).date(),
        defaults={
            "region_code": organisation.region_code, "kind": kind, "hours": hours, "deadline": at, "certificate": True,
            "state": TrainingClass.State.CLOSED, "created_by": cast.teacher if host == "school" else cast.manager,
        },
    )  # fmt: skip
    enrolment, _new = Enrolment.objects.get_or_create(
        training_class=held,
        user=person,
        defaults={
            "enterprise_id": employer.pk, "state": Enrolment.State.PASSED, "credited_ms": int(hours * 3_600_000),
            "learnt_at": at, "passed_at": at,
        },
    )  # fmt: skip
    return actions.issue_certificate(enrolment, at=at)
