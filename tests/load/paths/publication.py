"""From the release of an article to the page, the search and the inboxes of 20,000 readers who wanted to know at once."""

import re
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import quote

from anlan.content.actions import create_page, release, sign, submit_page
from anlan.content.models import Signature, Subscription, Term
from anlan.notifications.models import Notice
from anlan.training.tests.making import hire
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
READERS = 20_000
TITLE = "行车吊物下不站人"
PATIENCE = 15.0


def measure(house: House) -> Figure:
    """Release through the three reviews with the workers running; the figure is the last of the three to happen."""
    cast = house.cast
    readers = [worker.user_id for worker in hire(cast.enterprise("bakery"), READERS)]
    made = Subscription.objects.bulk_create(
        [Subscription(user_id=pk, rhythm=Subscription.Rhythm.NOW, facets=1) for pk in readers], batch_size=2000
    )
    Term.objects.bulk_create([Term(subscription=one, facet="tag", value="起重") for one in made], batch_size=2000)
    page = create_page(
        "news",
        {"title": TITLE, "summary": "吊起来就清场", "body": "先清场，再起吊。", "kind": "expert", "level": "local", "tags": ["起重"]},
        by=cast.editor,
    )  # fmt: skip
    current = submit_page(page, by=cast.editor)
    for person in (cast.reviewer, cast.head_editor, cast.chief_editor):
        for kind in (Signature.Kind.REVIEW, Signature.Kind.PROOF):
            sign(current, kind, by=person, seen=current.hash, checks=list(Signature.CHECKS))
    current.refresh_from_db()
    house.start(workers=True)
    time.sleep(5)  # the workers are up and have found nothing
    begin = time.perf_counter()
    release(current, by=cast.chief_editor)
    acted = time.perf_counter() - begin
    address = page.get_absolute_url()
    seen = _until(begin, lambda: _text(house, address).count(TITLE) > 0)
    told = _until(begin, lambda: Notice.objects.filter(kind="subscribed", title=TITLE).count() == READERS)
    asked = f"/search/?q={quote(TITLE[:4])}"
    found = _until(begin, lambda: TITLE in re.sub("<[^>]+>", "", _text(house, asked)))
    value = max(seen, told, found)
    more = {"release": round(acted, 2), "page": round(seen, 2), "told": round(told, 2), "found": round(found, 2)}
    return Figure(round(value, 2), f"s to the last of {READERS:,}", "< 5 s", value < 5, more=more)


def _until(begin: float, there: Callable[[], bool]) -> float:
    """Return after how many seconds it was so; infinity after a quarter of a minute."""
    while not there():
        if time.perf_counter() - begin > PATIENCE:
            return float("inf")
        time.sleep(0.2)
    return time.perf_counter() - begin


def _text(house: House, path: str) -> str:
    connection = HTTPConnection(*house.address, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else ""
    finally:
        connection.close()
