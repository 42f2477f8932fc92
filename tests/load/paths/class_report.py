"""The report of a class of 100 people as their manager sees it, 20 at once; then with the memory of drawn tables cold."""

from itertools import repeat
from uuid import uuid4

from anlan.enterprises.models import Enterprise
from anlan.training.actions.classes import create_classes
from anlan.training.models import Enrolment
from anlan.training.selection import Selection
from anlan.training.tests.making import hire, make_course, plan_for
from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
PEOPLE = 100


def measure(house: House) -> Figure:
    """Ask for the page for ten seconds."""
    cast = house.cast
    workers = hire(cast.enterprise("forge"), PEOPLE, job_title="班级报表")
    firms = Enterprise.objects.filter(pk=cast.forge.pk)
    plan = plan_for(make_course(cast, "bench-class-report"))
    (one,) = create_classes(
        firms, Selection("picked", workers=tuple(w.pk for w in workers)), by=cast.manager, plan=plan, batch=uuid4()
    )
    for n, row in enumerate(Enrolment.objects.filter(training_class=one)):
        Enrolment.objects.filter(pk=row.pk).update(
            state=("assigned", "learning", "learnt")[n % 3], credited_ms=n * 10_000
        )
    page = request("GET", f"/classes/{one.pk}/", cookie=house.cookie(cast.manager))
    house.start()
    drive(house.address, repeat(page), connections=20, seconds=2)
    before = house.cpu()
    run = drive(house.address, repeat(page), connections=20, seconds=10)
    cpu_ms = round(1000 * (house.cpu() - before) / len(run.latencies), 2)
    ok = run.rate >= 300 and set(run.statuses) == {200}
    more = {"people": PEOPLE, "cpu_ms": cpu_ms}
    return Figure(run.rate, "pages/s", "≥ 300/s", ok, run.percentile(50), run.percentile(99), more)
