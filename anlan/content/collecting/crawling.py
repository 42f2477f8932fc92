"""One run over one source: what is new goes into the editors' queue, what went wrong is said in plain words."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.content.collecting.addresses import fits, host_of, is_among, key_of
from anlan.content.collecting.fetching import Fetcher, Page, Unreachable
from anlan.content.collecting.reading import Lead, Text, deeper, leads_of, text_of
from anlan.content.collecting.sameness import NEAR, bands, distance, simhash
from anlan.content.models import Collected, Entry, Source

log = logging.getLogger(__name__)
PERIOD: Final = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
CLAIM: Final = timedelta(hours=1)
"""A run that says nothing for so long was killed; the next one goes on where it stopped."""
FIRST_WAIT: Final = timedelta(hours=1)
"""After the first failure; doubled with each, up to the rhythm of the source."""
LONGEST_TEXT: Final = 60_000


def claim(source: Source) -> bool:
    """Take a source for one run; False when somebody else has it."""
    now = timezone.now()
    mine = Source.objects.filter(pk=source.pk, active=True).filter(Q(next_at__isnull=True) | Q(next_at__lte=now))
    return bool(mine.update(next_at=now + CLAIM, last_try_at=now))


def crawl(source: Source, fetcher: Fetcher) -> int:
    """Read one claimed source; return how many texts are new. Failures are written on the source, never raised."""
    try:
        made = _crawl(source, fetcher)
    except Unreachable as error:
        _failed(source, error.words, error.wait)
        return 0
    except ValueError:
        _failed(source, _("页面的样子变了，读不出列表。请看看网址和“只看这一块”还对不对。"), 0)
        return 0
    except Exception:
        log.exception("source %s", source.pk)
        _failed(source, _("程序读这个来源时出错，运维人员能在日志里看到。"), 0)
        return 0
    now = timezone.now()
    Source.objects.filter(pk=source.pk).update(
        last_success_at=now, next_at=now + PERIOD[source.rhythm], failures=0, error="", found=F("found") + made,
        etag=source.etag, modified=source.modified,
    )  # fmt: skip
    return made


def _failed(source: Source, words: str, wait: int) -> None:
    pause = max(min(FIRST_WAIT * 2 ** min(source.failures, 8), PERIOD[source.rhythm]), timedelta(seconds=wait))
    Source.objects.filter(pk=source.pk).update(
        failures=F("failures") + 1, error=words[:300], next_at=timezone.now() + pause
    )


def _crawl(source: Source, fetcher: Fetcher) -> int:
    hosts = frozenset({host_of(source.url), *source.hosts})
    front = fetcher.get(source.url, hosts=hosts, gap=source.gap, etag=source.etag, modified=source.modified)
    if front.status == 304:
        return 0
    leads = _leads(source, front, fetcher, hosts)
    wanted = [lead for lead in leads if is_among(host_of(lead.url), hosts) and fits(lead.url, source.pattern)]
    if not wanted:
        raise ValueError("nothing that fits")
    keys = {key_of(lead.url): lead for lead in wanted}
    keys.pop(key_of(source.url), None)
    known = set(Collected.objects.filter(url_key__in=keys).values_list("url_key", flat=True))
    fresh = [(key, lead) for key, lead in keys.items() if key not in known]
    made, troubles = 0, 0
    for key, lead in fresh[: source.most]:
        try:
            made += _collect(source, key, lead, _read(source, lead, fetcher, hosts))
        except Unreachable as error:
            if error.status in (429, 503):
                raise
            troubles += 1
    if troubles and not made:
        raise Unreachable(_("列表能打开，里面的 %(n)d 篇都没有打开。") % {"n": troubles})
    if len(fresh) <= source.most and not troubles:  # all was seen: next time only if the list has changed
        source.etag, source.modified = front.etag, front.modified
    return made


def _leads(source: Source, front: Page, fetcher: Fetcher, hosts: frozenset[str]) -> list[Lead]:
    if source.kind == Source.Kind.SITEMAP and (maps := deeper(front.text, front.url)):
        pages = [fetcher.get(url, hosts=hosts, gap=source.gap) for url in maps[:2]]
        return [lead for page in pages for lead in leads_of(source.kind, page.text, page.url)]
    return leads_of(source.kind, front.text, front.url, source.area)


def _read(source: Source, lead: Lead, fetcher: Fetcher, hosts: frozenset[str]) -> Text:
    """The text behind a lead; only its title where it is no page: a PDF, a video."""
    page = fetcher.get(lead.url, hosts=hosts, gap=source.gap)
    return text_of(page.text, page.url) if "html" in page.kind or not page.kind else Text()


def _collect(source: Source, key: str, lead: Lead, text: Text) -> int:
    """Put one text into the queue; 1 when an editor must look at it."""
    title = (lead.title or text.title or lead.url)[:200]
    digest = simhash(text.text)
    twin = _twin(digest)
    row = Collected(
        source=source, source_name=source.name, url=lead.url, url_key=key, title=title, text=text.text[:LONGEST_TEXT],
        summary=" ".join(text.text.split())[:160], site=text.site[:80], published_on=lead.day or text.day,
        section=source.section, is_law=source.kind == Source.Kind.LAW, twin=twin,
    )  # fmt: skip
    if digest is not None:
        row.digest = f"{digest:016x}"
        row.band_0, row.band_1, row.band_2, row.band_3 = bands(digest)
    if twin is not None or Entry.objects.filter(source_url=lead.url).exists():
        row.state = Collected.State.DUPLICATE
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # another run was faster
        return 0
    return int(row.state == Collected.State.NEW)


def _twin(digest: int | None) -> Collected | None:
    """The earlier text that says the same."""
    if digest is None:
        return None
    any_band = Q()
    for n, band in enumerate(bands(digest)):
        any_band |= Q(**{f"band_{n}": band})
    for other in Collected.objects.filter(any_band).exclude(digest="").only("digest", "twin").order_by("pk")[:2000]:
        if distance(digest, int(other.digest, 16)) <= NEAR:
            return other.twin or other
    return None
