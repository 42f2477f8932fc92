"""Lists, paper, exports, due cards, and what follows a firm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import python_calamine
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.actions import open_blob
from anlan.ledgers.actions.entries import attach_file, enter, start_entry
from anlan.ledgers.actions.exports import write_pack
from anlan.ledgers.actions.following import follow_merge, follow_move
from anlan.ledgers.due import due_for
from anlan.ledgers.models import Entry, LedgerExport, Template
from anlan.ledgers.queries import period_of
from anlan.ledgers.tasks import requeue_dead_packs
from anlan.ledgers.tests.helpers import GOOD, fresh, typed
from anlan.ledgers.tests.test_entering import picture
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.ledgers import lay_ledgers

SignIn = Callable[[User], Client]


def entered(cast: Cast, ledger: Template, count: int = 1, **more: str) -> list[Entry]:
    return [
        enter(
            start_entry(ledger, by=cast.manager),
            typed({**GOOD, "v.f1": f"灭火器 {n}", **more}),
            by=cast.manager,
            seen=0,
        )
        for n in range(count)
    ]


def test_a_list_is_searched_and_filtered(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    first, second = entered(cast, ledger, 2)
    Entry.objects.filter(pk=first.pk).update(entered_at=timezone.now() - timedelta(days=40))
    client, url = sign_in(cast.manager), reverse("ledgers:entries", args=[ledger.pk])
    for query, found in (("", [first, second]), ("?q=灭火器 1", [second]), (f"?q={first.number}", [first]), ("?state=void", []), ("?state=boo", [first, second]),
                         (f"?since={timezone.localdate() - timedelta(days=7)}", [second]), (f"?until={timezone.localdate() - timedelta(days=7)}", [first]), ("?since=x&page=999", [first, second])):  # fmt: skip
        page = client.get(url + query)
        assert {row.pk for row, _cells in page.context["rows"]} == {each.pk for each in found}, query


@pytest.mark.parametrize("name", ["entries", "list"])
def test_queries_do_not_grow_with_the_rows(cast: Cast, ledger: Template, sign_in: SignIn, name: str) -> None:
    client, counts = sign_in(cast.manager), []
    url = reverse("ledgers:entries", args=[ledger.pk]) if name == "entries" else reverse("ledgers:list")
    for more in (2, 18):
        entered(cast, ledger, more)
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


def test_an_entry_and_a_list_print_as_pdf(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    attach_file(entry, "f11", ContentFile(picture()), "a.png", by=cast.manager)
    enter(entry, typed({**GOOD, "v.f7.0.c8": "#let x = [*]", "v.f1": "灭火器 $x$ #set"}), by=cast.manager, seen=0)
    for url in (reverse("ledgers:print", args=[entry.pk]), reverse("ledgers:print-list", args=[ledger.pk])):
        answer = sign_in(cast.manager).get(url)
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF") and len(answer.content) > 5000
    assert sign_in(cast.other_boss).get(reverse("ledgers:print", args=[entry.pk])).status_code == 404


def test_xlsx_holds_values_and_tables(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entered(cast, ledger, 1, **{"v.f7.0.c8": "=1+1", "v.f7.0.c9": "2.5"})
    start_entry(ledger, by=cast.manager)
    answer = sign_in(cast.manager).get(reverse("ledgers:xlsx", args=[ledger.pk]))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("台账").to_python()
    assert len(rows) == 2 and rows[0][:5] == ["编号", "状态", "登记时间", "填写人", "名称"] and rows[1][7] == 136.5
    assert book.get_sheet_by_name("明细").to_python()[1][1:] == ["=1+1", 2.5]


def test_a_zip_carries_the_photos_and_survives_a_dead_worker(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    attach_file(entry, "f11", ContentFile(picture()), "../../x:y.png", by=cast.manager)
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    client = sign_in(cast.manager)
    assert client.post(reverse("ledgers:pack", args=[ledger.pk]) + "?q=没有").status_code == 422
    client.post(reverse("ledgers:pack", args=[ledger.pk]))
    pack = LedgerExport.objects.get()
    assert client.post(reverse("ledgers:pack", args=[ledger.pk])).status_code == 409  # one at a time
    LedgerExport.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert (requeue_dead_packs(), requeue_dead_packs()) == (1, 0)
    write_pack(pack.pk)
    write_pack(pack.pk)
    pack.refresh_from_db()
    assert pack.file is not None and pack.state == "done"
    with open_blob(pack.file) as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert (
        len(names) == 2
        and names[1].startswith(f"{entry.number}/照片-")
        and not any(".." in name.split("/") for name in names)
    )
    assert client.get(reverse("ledgers:packed", args=[pack.pk])).status_code == 200
    assert sign_in(cast.boss).get(reverse("ledgers:pack-file", args=[pack.pk])).status_code == 404


def test_regulators_and_the_contracted_agency_read_without_drafts(
    cast: Cast, ledger: Template, sign_in: SignIn
) -> None:
    entered(cast, ledger)
    of, one = (
        reverse("ledgers:of", args=[cast.forge.pk]),
        reverse("ledgers:entries-of", args=[cast.forge.pk, ledger.pk]),
    )
    assert sign_in(cast.agency).get(of).status_code == 404
    Mandate.objects.create(enterprise_id=cast.forge.pk, organisation=cast.anhe, kind="contract", since=date(2020, 1, 1))
    for who in (cast.grid, cast.county, cast.agency):
        assert sign_in(who).get(of).status_code == 200
        page = sign_in(who).get(one).content.decode()
        assert "灭火器 0" in page and "记一条" not in page
    for outsider in (cast.other_county, cast.other_grid, cast.other_boss, cast.worker, cast.other_agency):
        assert sign_in(outsider).get(of).status_code == 404
        assert sign_in(outsider).get(one).status_code == 404


def test_what_the_period_asks_for_is_due_until_it_is_entered(cast: Cast, ledger: Template) -> None:
    Template.objects.filter(pk=ledger.pk).update(rhythm="month")
    (entry,) = entered(cast, ledger)
    assert not [due for due in due_for(cast.manager) if "台账没记" in str(due.title)]
    Entry.objects.filter(pk=entry.pk).update(entered_at=timezone.now() - timedelta(days=40))
    (due,) = [due for due in due_for(cast.manager) if "台账没记" in str(due.title)]
    assert due.at is not None and due.count == 1
    assert due_for(cast.worker) == [] and due_for(cast.grid) == []


@pytest.mark.parametrize(
    ("rhythm", "first", "last"),
    [
        ("month", (2026, 2, 1), (2026, 2, 28)),
        ("quarter", (2026, 1, 1), (2026, 3, 31)),
        ("half", (2026, 1, 1), (2026, 6, 30)),
        ("year", (2026, 1, 1), (2026, 12, 31)),
    ],
)
def test_periods_end_with_their_month(rhythm: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    assert period_of(rhythm, date(2026, 2, 14)) == (date(*first), date(*last))
    assert period_of("", date(2026, 2, 14)) is None


def test_entries_follow_a_firm_that_moves_or_is_merged(cast: Cast, ledger: Template) -> None:
    (entry,) = entered(cast, ledger)
    forge, bakery = cast.enterprise("forge"), cast.enterprise("bakery")
    follow_move(Enterprise.objects.filter(pk=forge.pk), "410105018G08")
    assert fresh(entry).region_code == "410105018G08"
    Entry.objects.create(
        template=ledger,
        version=ledger.current,
        enterprise=bakery,
        region_code="410105019",
        number=entry.number,
        state="kept",
    )
    follow_merge(forge, bakery, cast.county)
    entry = fresh(entry)
    assert entry.enterprise_id == bakery.pk and entry.number.endswith(f"+{forge.pk}")
    assert Template.objects.get(pk=ledger.pk).enterprise_id == bakery.pk


def test_the_demo_is_laid_once(cast: Cast) -> None:
    lay_ledgers(cast)
    states = sorted(Entry.objects.values_list("state", flat=True))
    assert {"pending", "closed", "valid", "kept", "draft"} <= set(states)
    lay_ledgers(cast)
    assert sorted(Entry.objects.values_list("state", flat=True)) == states
