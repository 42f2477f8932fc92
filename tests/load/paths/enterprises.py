"""The list of enterprises with 100,000 firms: first page, deep page and filters, as province and as county, 20 at once."""

from itertools import cycle

from tests.load.client import drive, request
from tests.load.firms import lay
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
ADDRESSES = (
    "/enterprises/", "/enterprises/?page=400", "/enterprises/?risk=high&section=C", "/enterprises/?q=%E8%A3%85%E8%BD%BD777",
    "/enterprises/?has=dust&verified=never", "/enterprises/?order=size&page=40", "/enterprises/?region=410105",
)  # fmt: skip


def measure(house: House) -> Figure:
    """Ask for the pages in turn for ten seconds; the target is the slowest twentieth."""
    lay()
    cookies = [house.cookie(house.cast.province), house.cookie(house.cast.county)]
    pages = [request("GET", address, cookie=cookie) for address in ADDRESSES for cookie in cookies]
    house.start()
    drive(house.address, cycle(pages), connections=2, seconds=6)
    alone = drive(house.address, cycle(pages), connections=1, seconds=10)
    run = drive(house.address, cycle(pages), connections=20, seconds=10)
    p95 = alone.percentile(95)
    ok = (p95 < 100 or house.database != "postgresql") and set(run.statuses) | set(alone.statuses) == {200}
    more = {"p95": round(p95, 1), "p95_at_20": round(run.percentile(95), 1), "rate_at_20": round(run.rate, 1)}
    return Figure(p95, "ms (p95)", "p95 < 100 ms (PostgreSQL)", ok, alone.percentile(50), alone.percentile(99), more)
