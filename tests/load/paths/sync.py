"""Offline patrols: 200 visits with 1,000 photos over a link that fails every third request; nothing is lost, nothing is there twice."""

import http.client
import json
import time
from typing import Any

from anlan.hazards.models import Hazard, Inspection, Operation, Photo
from tests.load.house import Figure, House
from tests.phone import Broken, Phone, lay_checklist, lay_visit

DATABASES = ("sqlite", "postgresql")
VISITS, PHOTOS = 200, 5


def measure(house: House) -> Figure:
    """Hand in 200 patrols of 12 items and 5 photos each; every third request is lost on the way or its answer is."""
    version = lay_checklist(items=12, code="bench")
    visits = [lay_visit(house.cast.enterprise("forge"), version) for _n in range(VISITS)]
    house.start()
    phone = Phone(_Link(house))
    phone.register()
    taken = 0
    for n, visit in enumerate(visits):
        phone.visit(visit, version, failed=1 + n % 12, photos=PHOTOS, size=640)
        taken += PHOTOS
    entries, started = len(phone.log), time.perf_counter()
    phone.synchronise(tries=5000)
    seconds = time.perf_counter() - started
    kept = {
        "visits": Inspection.objects.filter(pk__in=[one.pk for one in visits], state="done").count(),
        "photos": Photo.objects.filter(inspection__in=visits).count(),
        "hazards": Hazard.objects.filter(inspection__in=visits).count(),
        "entries": Operation.objects.filter(outcome="applied").count(),
    }
    ok = kept == {"visits": VISITS, "photos": taken, "hazards": VISITS, "entries": entries}
    return Figure(
        seconds,
        "s",
        "200 patrols, 1,000 photos, every third request fails: nothing lost",
        ok,
        None,
        None,
        kept | {"requests": phone.requests},
    )


class _Link:
    """HTTP to the house, of which every third request fails: before it is sent, or after it was answered."""

    def __init__(self, house: House) -> None:
        self.house, self.cookie, self.n = house, house.cookie(house.cast.grid), 0
        self.token = ""

    def __call__(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, Any]]:
        if not self.token:
            self.token = self._send("GET", "/patrol/hello/")[1]["csrf"]
        self.n += 1
        fails = self.n > 3 and self.n % 3 == 0
        if fails and self.n % 2:
            raise Broken
        answer = self._send(method, path, body, kind)
        if fails:
            raise Broken
        return answer

    def _send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, Any]]:
        link = http.client.HTTPConnection(*self.house.address, timeout=60)
        headers = {"Accept": "application/json", "Cookie": self.cookie, "X-CSRFToken": self.token}
        link.request(method, path, body or None, headers | ({"Content-Type": kind} if kind else {}))
        answer = link.getresponse()
        data = answer.read()
        if cookie := answer.getheader("Set-Cookie"):
            self.cookie += "; " + cookie.split(";")[0]
        link.close()
        return answer.status, json.loads(data) if "json" in (answer.getheader("Content-Type") or "") else {}
