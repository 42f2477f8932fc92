"""A class for a firm of 20,000: made, everyone enrolled and told, in one action."""

import time
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.enterprises.models import Enterprise
from anlan.notifications.models import Notice
from anlan.training.actions.classes import create_classes, undo_batch
from anlan.training.models import Enrolment
from anlan.training.selection import Selection
from anlan.training.tests.making import hire, make_course, plan_for
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
PEOPLE = 20_000


def measure(house: House) -> Figure:
    """Make the class, count what is there, and take it back."""
    cast = house.cast
    hire(cast.enterprise("bakery"), PEOPLE, job_title="面点工")
    plan, firms = plan_for(make_course(cast, "bench-enrolment")), Enterprise.objects.filter(pk=cast.bakery.pk)
    cast.other_boss.post  # noqa: B018  # read before the clock starts
    with CaptureQueriesContext(connection) as queries:
        begin = time.perf_counter()
        (one,) = create_classes(firms, Selection("lacking"), by=cast.other_boss, plan=plan, batch=uuid4())
        seconds = time.perf_counter() - begin
    enrolled = Enrolment.objects.filter(training_class=one).count()
    told = Notice.objects.filter(key=f"class-new:{one.pk}").count()
    undo_batch(one.batch, by=cast.other_boss)
    ok = seconds < 10 and enrolled == told >= PEOPLE
    return Figure(
        seconds, "s for 20,000", "< 10 s", ok, more={"enrolled": enrolled, "told": told, "statements": len(queries)}
    )
