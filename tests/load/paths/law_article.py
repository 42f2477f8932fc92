"""The page of an article as a visitor reads it, 20 at once: the text, the guide, who cites it."""

from itertools import repeat
from urllib.parse import quote

from anlan.law.actions.guides import cite_guides, install_guides
from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")


def measure(house: House) -> Figure:
    """Ask for the page for ten seconds."""
    install_guides()
    cite_guides()
    page = request("GET", f"/law/{quote('安全生产法')}/41/")
    house.start()
    drive(house.address, repeat(page), connections=20, seconds=2)
    before = house.cpu()
    run = drive(house.address, repeat(page), connections=20, seconds=10)
    cpu_ms = round(1000 * (house.cpu() - before) / len(run.latencies), 2)
    ok = cpu_ms < 50 and set(run.statuses) == {200}
    more = {"p95": round(run.percentile(95), 1), "cpu_ms": cpu_ms}
    return Figure(run.rate, "pages/s", "< 50 ms on the server", ok, run.percentile(50), run.percentile(99), more)
