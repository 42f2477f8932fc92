"""Certificates: issued, put into the log, drawn, signed and kept; one process. Every one is then checked as a verifier would."""

import time
from datetime import timedelta
from typing import Any

from django.utils import timezone

from anlan.accounts.models import User
from anlan.certificates import log, rules, tasks
from anlan.certificates.checking import check
from anlan.certificates.models import Certificate
from anlan.certificates.signing import load_trust
from anlan.files.actions import open_blob
from anlan.training.models import Enrolment, TrainingClass
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
COUNT, WARM = 200, 5


def measure(house: House) -> Figure:
    """Issue and sign what is due, in this process: the rate is per core."""
    _lay(house.cast, WARM, "热身")
    tasks.issue_due()
    log.sign_head(every=timedelta(0))
    tasks.sign_waiting()
    _lay(house.cast, COUNT, "测量")
    begin, cpu = time.perf_counter(), time.process_time()
    tasks.issue_due()  # the head is at most one in three seconds: what it does not cover yet is signed with the next
    log.sign_head(every=timedelta(0))
    tasks.sign_waiting()
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    signed = Certificate.objects.filter(pdf__isnull=False).count() - WARM
    trust = load_trust()
    genuine = sum(check(_content(found), trust).verdict == "genuine" for found in Certificate.objects.all())
    rate, kept = signed / seconds, genuine == COUNT + WARM and not rules.waiting_for_certificate(1)
    more: dict[str, Any] = {"genuine": genuine, "cpu_ms": round(1000 * cpu / COUNT, 1)}
    return Figure(rate, "signed/s", "≥ 5/s per core, all genuine", rate >= 5 and kept, more=more)


def _content(certificate: Certificate) -> bytes:
    assert certificate.pdf is not None
    with open_blob(certificate.pdf) as file:
        return bytes(file.read())


def _lay(cast: Any, count: int, name: str) -> None:
    now = timezone.now()
    held = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title=f"年度安全再培训（{name}）", hours=20,
        starts_on=now.date(), deadline=now, created_by=cast.manager,
    )  # fmt: skip
    people = User.objects.bulk_create(User(name=f"{name}{n:03d}", is_demo=True, password="!") for n in range(count))
    Enrolment.objects.bulk_create(
        Enrolment(
            training_class=held, user=person, enterprise_id=cast.forge.pk, state="passed", passed_at=now,
            credited_ms=72_000_000,
        )
        for person in people
    )  # fmt: skip
