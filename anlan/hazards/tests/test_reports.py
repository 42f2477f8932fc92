"""Safety reports: opened by the clock, written, handed in, passed or returned, counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Enterprise
from anlan.hazards.actions.checklists import load_checklists
from anlan.hazards.actions.following import follow_merge
from anlan.hazards.actions.reports import (
    answer_report,
    mark,
    open_reports,
    remind_reports,
    review_report,
    submit_report,
    terms,
    withdraw_reports,
)
from anlan.hazards.due_inspections import due_for
from anlan.hazards.models import SafetyReport
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.supervision.recount import drift
from anlan.tallies.models import Delta
from anlan.tallies.tasks import fold

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def report(cast: Cast) -> SafetyReport:
    """The forge's report of this month."""
    load_checklists()
    open_reports(timezone.localdate().replace(day=1))
    return SafetyReport.objects.get(enterprise_id=cast.forge.pk, kind="monthly")


def fill(report: SafetyReport, by: User, **other: str) -> None:
    """Answer everything as in order."""
    for item in report.checklist.items:
        answer_report(report, item["key"], result="ok", by=by)


def on_time(report: SafetyReport) -> None:
    """Let the last day be today or later, whatever day the test runs on."""
    SafetyReport.objects.filter(pk=report.pk).update(due_on=timezone.localdate())
    report.refresh_from_db()


def test_the_clock_opens_the_month_and_the_quarters_last_month_and_a_holiday_moves_the_last_day() -> None:
    november, december = terms(date(2026, 11, 1)), terms(date(2026, 12, 1))
    assert [(term.kind, term.due_on) for term in november] == [("monthly", date(2026, 11, 10))]
    assert [(term.kind, term.period) for term in december] == [
        ("monthly", date(2026, 12, 1)),
        ("quarterly", date(2026, 10, 1)),
    ]
    assert terms(date(2026, 10, 1), {date(2026, 10, 10): False, date(2026, 10, 11): False})[0].due_on == date(
        2026, 10, 12
    )


def test_every_active_firm_gets_one_report_and_again_none(cast: Cast, report: SafetyReport) -> None:
    first = timezone.localdate().replace(day=1)
    monthly = SafetyReport.objects.filter(kind="monthly")
    assert monthly.count() == 3 and open_reports(first) == 0
    assert Delta.objects.filter(measure="reports_due").count() == SafetyReport.objects.count()
    assert open_reports(report.due_on + timedelta(days=1)) == 0


def test_written_handed_in_returned_and_passed_with_every_round_kept(cast: Cast, report: SafetyReport) -> None:
    on_time(report)
    with pytest.raises(Refused) as refused:
        submit_report(report, by=cast.manager)
    assert refused.value.code == "unanswered" and refused.value.field == report.checklist.items[0]["key"]
    fill(report, cast.manager)
    key = report.checklist.items[0]["key"]
    answer_report(report, key, result="fail", by=cast.manager)
    with pytest.raises(Refused) as refused:
        submit_report(report, by=cast.manager)
    assert refused.value.code == "fail_unexplained"
    answer_report(report, key, result="fail", note="东门锁坏，周三换", by=cast.manager)
    first = submit_report(report, by=cast.manager)
    assert submit_report(report, by=cast.manager).pk == first.pk
    with pytest.raises(Refused) as refused:
        answer_report(report, key, result="ok", by=cast.manager)
    assert refused.value.code == "submitted"
    with pytest.raises(Refused) as refused:
        review_report(report, by=cast.grid, passed=False)
    assert refused.value.field == "words"
    review_report(report, by=cast.grid, passed=False, words="请写哪天换")
    answer_report(report, key, result="ok", note="", by=cast.boss)
    submit_report(report, by=cast.boss)
    with pytest.raises(Refused) as refused:
        review_report(report, by=cast.grid, passed=True, number=1)
    assert refused.value.code == "stale"
    for _n in range(2):
        review_report(report, by=cast.grid, passed=True, number=2)
    with pytest.raises(Refused) as refused:
        answer_report(report, key, result="na", by=cast.manager)
    assert refused.value.code == "locked"
    rounds = list(report.history.order_by("number"))
    assert [(r.passed, r.answers[key]["result"]) for r in rounds] == [(False, "fail"), (True, "ok")]
    assert rounds[0].words == "请写哪天换"
    assert Delta.objects.filter(measure="reports_on_time").count() == 1
    assert Notice.objects.filter(user=cast.boss, title__contains="退回").count() == 1


def test_a_late_report_is_taken_but_does_not_count_as_on_time(cast: Cast, report: SafetyReport) -> None:
    SafetyReport.objects.filter(pk=report.pk).update(due_on=timezone.localdate() - timedelta(days=2))
    report.refresh_from_db()
    assert report.days_over == 2
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    assert report.was_late and report.days_over == 0
    assert not Delta.objects.filter(measure="reports_on_time").exists()


def test_two_managers_meet_a_conflict_per_item(cast: Cast, report: SafetyReport) -> None:
    key = report.checklist.items[0]["key"]
    answer_report(report, key, result="ok", by=cast.manager, seen="")
    with pytest.raises(Refused) as refused:
        answer_report(report, key, result="na", by=cast.boss, seen="")
    assert refused.value.code == "answered_otherwise"
    report.refresh_from_db()
    answer_report(report, key, result="na", by=cast.boss, seen=mark(report.answers[key]))
    report.refresh_from_db()
    assert report.answers[key]["result"] == "na"


def test_only_the_firm_writes_and_only_its_officers_review(cast: Cast, report: SafetyReport) -> None:
    for person in (cast.other_boss, cast.grid, cast.worker):
        with pytest.raises(Refused) as refused:
            answer_report(report, report.checklist.items[0]["key"], result="ok", by=person)
        assert refused.value.status == 403
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    for person in (cast.other_grid, cast.other_county, cast.manager, cast.agency, cast.province):
        with pytest.raises(Refused) as refused:
            review_report(report, by=person, passed=True)
        assert refused.value.status == 403


def test_reminders_come_once_before_on_and_after_the_day(cast: Cast, report: SafetyReport) -> None:
    managers = 2
    for days in (3, 1, 0, -1):
        assert remind_reports(report.due_on - timedelta(days=days)) >= managers
        assert remind_reports(report.due_on - timedelta(days=days)) == 0
    assert remind_reports(report.due_on - timedelta(days=2)) == 0
    mine = Notice.objects.filter(user=cast.manager, url=reverse("hazards:report", args=[report.pk]))
    assert mine.count() == 4 and mine.filter(title__contains="今天截止").exists()
    assert not mine.filter(title__contains="%").exists()


def test_a_firm_that_ends_or_merges_leaves_no_drift(cast: Cast, report: SafetyReport) -> None:
    on_time(report)
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    SafetyReport.objects.filter(enterprise_id=cast.bakery.pk).delete()
    Delta.objects.filter(subject_id=cast.bakery.pk).delete()
    follow_merge(Enterprise.objects.get(pk=cast.forge.pk), Enterprise.objects.get(pk=cast.bakery.pk), cast.county)
    report.refresh_from_db()
    assert report.enterprise_id == cast.bakery.pk
    Enterprise.objects.filter(pk=cast.luoyang.pk).update(status="closed")
    assert withdraw_reports() >= 1
    assert not SafetyReport.objects.filter(enterprise_id=cast.luoyang.pk).exists()
    fold()
    assert {key: n for key, n in drift().items() if key[0].startswith("reports")} == {}


# --- pages ----------------------------------------------------------------------------------------


def test_the_boss_fills_and_hands_in_on_the_page(cast: Cast, sign_in: SignIn, report: SafetyReport) -> None:
    client, url = sign_in(cast.boss), reverse("hazards:report-answer", args=[report.pk])
    keys = [item["key"] for item in report.checklist.items]
    fragment = client.post(url, {"item": keys[0], "result": "fail"}, headers={"HX-Request": "true"}).content.decode()
    assert "情况和打算怎么改" in fragment and "登记成隐患" in fragment
    for key in keys[1:]:
        client.post(url, {"item": key, "result": "ok"})
    refused = client.post(reverse("hazards:report-submit", args=[report.pk]))
    assert refused["Location"].endswith(f"#i-{keys[0]}")
    client.post(url, {"item": keys[0], "result": "fail", "note": "锁坏了"})
    for _n in range(2):
        assert client.post(reverse("hazards:report-submit", args=[report.pk])).status_code == 302
    report.refresh_from_db()
    assert report.state == "submitted" and report.rounds == 1
    assert "正在等网格员审核" in client.get(reverse("hazards:report", args=[report.pk])).content.decode()


def test_the_officer_reviews_one_and_many_with_reasons(cast: Cast, sign_in: SignIn, report: SafetyReport) -> None:
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    client, url = sign_in(cast.grid), reverse("hazards:reports-review")
    page = client.get(reverse("hazards:reports")).content.decode()
    assert "<kbd>j</kbd>" in page and "豫中精锻" in page
    assert client.post(url, {}).status_code == 302
    client.post(url, {"reports": [report.pk], "passed": "0"})
    report.refresh_from_db()
    assert report.state == "submitted"
    client.post(url, {"reports": [report.pk, "²", "99999999"], "passed": "0", "words": "补照片"})
    report.refresh_from_db()
    assert report.state == "returned"
    assert "补照片" in sign_in(cast.boss).get(reverse("hazards:report", args=[report.pk])).content.decode()
    submit_report(report, by=cast.manager)
    done = client.post(reverse("hazards:report-review", args=[report.pk]), {"passed": "1", "round": "2"})
    assert done["Location"] == reverse("hazards:reports")
    report.refresh_from_db()
    assert report.state == "passed"


def test_others_get_404_and_wrong_methods_405(cast: Cast, sign_in: SignIn, report: SafetyReport) -> None:
    for person in (cast.other_boss, cast.other_grid, cast.other_county, cast.agency, cast.worker):
        assert sign_in(person).get(reverse("hazards:report", args=[report.pk])).status_code == 404
    client = sign_in(cast.grid)
    assert client.get(reverse("hazards:report-submit", args=[report.pk])).status_code == 405
    assert client.post(reverse("hazards:report-submit", args=[report.pk])).status_code == 403
    assert sign_in(cast.agency).get(reverse("hazards:reports")).status_code == 404


def test_rates_per_territory_and_the_export_tell_the_same(cast: Cast, sign_in: SignIn, report: SafetyReport) -> None:
    on_time(report)
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    client = sign_in(cast.county)
    whole = client.get(reverse("hazards:report-rates")).context["whole"]
    assert (whole.total, whole.done, whole.on_time) == (2, 1, 1)
    book = client.get(reverse("hazards:reports-export"), {"kind": "monthly"})
    rows = list(read_rows(BytesIO(book.content), "a.xlsx"))
    assert len(rows) == 3 and sum("按时" in row for row in rows) == 1


def test_dues_name_what_is_to_be_done(cast: Cast, report: SafetyReport) -> None:
    assert "月度报审" in str(due_for(cast.boss)[-1].title) or "月度报审" in str(due_for(cast.boss)[0].title)
    assert not any("审核" in str(due.title) for due in due_for(cast.grid))
    fill(report, cast.manager)
    submit_report(report, by=cast.manager)
    assert any("1 份安全报告" in str(due.title) for due in due_for(cast.grid))
    assert due_for(cast.worker) == []


def test_the_list_asks_no_more_for_twenty_than_for_two(cast: Cast, sign_in: SignIn, report: SafetyReport) -> None:
    client = sign_in(cast.town)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("hazards:reports"), {"view": "all"}).status_code == 200
        return len(seen)

    few = queries()
    firms = Organisation.objects.bulk_create(
        Organisation(kind="enterprise", name=f"甲{n}", region_code="410105018G07") for n in range(20)
    )
    Enterprise.objects.bulk_create(Enterprise(organisation=firm, industry="C2110") for firm in firms)
    open_reports(timezone.localdate().replace(day=1))
    assert queries() == few and few <= 15
