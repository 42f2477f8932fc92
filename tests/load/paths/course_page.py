"""The page of a course as a signed-in learner sees it, 20 at once."""

from itertools import repeat

from anlan.training.tests.making import make_course
from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")


def measure(house: House) -> Figure:
    """Ask for the page for ten seconds."""
    course = make_course(house.cast, "bench-course-page")
    page = request("GET", f"/courses/{course.slug}/", cookie=house.cookie(house.cast.worker))
    house.start()
    drive(house.address, repeat(page), connections=20, seconds=2)
    before = house.cpu()
    run = drive(house.address, repeat(page), connections=20, seconds=10)
    cpu_ms = round(1000 * (house.cpu() - before) / len(run.latencies), 2)
    p95 = run.percentile(95)
    ok = run.rate >= 400 and p95 < 100 and set(run.statuses) == {200}
    more = {"p95": round(p95, 1), "cpu_ms": cpu_ms}
    return Figure(run.rate, "pages/s", "≥ 400/s, p95 < 100 ms", ok, run.percentile(50), run.percentile(99), more)
