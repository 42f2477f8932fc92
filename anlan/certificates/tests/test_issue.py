"""Who gets a certificate, when, and that nobody gets two."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from anlan.audit.models import Record
from anlan.certificates import actions, rules, tasks
from anlan.certificates.models import Certificate, LogEntry
from anlan.lib.codes import has_check_digit
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast, lay_cast
from anlan.tallies.models import Delta
from anlan.training.models import Enrolment


def test_a_passed_enrolment_gets_its_certificate_signed_and_everybody_is_told(
    cast: Cast, enrol: Callable[..., Enrolment], sit: Callable[..., Any]
) -> None:
    enrolment = enrol()
    sitting = sit(enrolment)
    assert tasks.issue_due() == 1
    certificate = Certificate.objects.get()
    assert certificate.pdf is not None
    assert certificate.pdf.media_type == "application/pdf"
    assert (certificate.holder, certificate.enterprise_name) == ("李国强", cast.forge.name)
    assert (certificate.sitting, certificate.score) == (sitting, sitting.score) or certificate.score == 92.5
    assert certificate.region_code == cast.forge.region_code
    assert Notice.objects.filter(user=cast.worker, kind="certificate").count() == 1
    assert Record.objects.filter(verb="issue_certificate").count() == 1
    tallied = Delta.objects.get(measure="certificates")
    assert (tallied.amount, tallied.subject_id, tallied.industry) == (1, cast.forge.pk, "C33")


def test_running_again_issues_nothing(enrol: Callable[..., Enrolment]) -> None:
    enrol()
    assert [tasks.issue_due(), tasks.issue_due()] == [1, 0]
    assert LogEntry.objects.count() == 1


def test_number_is_random_with_year_and_check_digit(issue: Callable[..., Certificate], cast: Cast) -> None:
    one, two = issue(), issue(cast.boss)
    for certificate in (one, two):
        assert certificate.number.startswith(f"AL{timezone.localdate().year}")
        assert len(certificate.number) == 15
        assert has_check_digit(certificate.number)
    assert abs(int(one.number[6:14]) - int(two.number[6:14])) > 1


@pytest.mark.parametrize(
    ("state", "credited_hours", "with_exam", "wanted", "issued"),
    [
        ("passed", 24, True, True, 1),
        ("passed", 24, True, False, 0),
        ("learnt", 24, False, True, 1),
        ("learnt", 23.9, False, True, 0),
        ("learnt", 24, True, True, 0),
        ("learning", 24, False, True, 0),
        ("withdrawn", 24, False, True, 0),
    ],
)
def test_the_rule(
    enrol: Callable[..., Enrolment],
    sit: Callable[..., Any],
    state: str,
    credited_hours: float,
    with_exam: bool,
    wanted: bool,
    issued: int,
) -> None:
    enrolment = enrol(state=state, certificate=wanted)
    Enrolment.objects.update(credited_ms=int(credited_hours * 3_600_000))
    if with_exam:
        sit(enrolment, passed=state == "passed")
    assert tasks.issue_due() == issued
    if not issued:
        with pytest.raises(Refused):
            actions.issue_certificate(enrolment)


def test_a_cancelled_exam_does_not_count_as_one(enrol: Callable[..., Enrolment], sit: Callable[..., Any]) -> None:
    sitting = sit(enrol(state="learnt"), passed=False)
    sitting.exam.cancelled_at = timezone.now()
    sitting.exam.save()
    assert tasks.issue_due() == 1


def test_a_passed_final_sitting_issues_and_a_failed_one_does_not(
    enrol: Callable[..., Enrolment], sit: Callable[..., Any]
) -> None:
    enrolment = enrol()
    with pytest.raises(Refused, match="结业考试合格"):
        actions.issue_certificate(sit(enrolment, passed=False))
    assert actions.issue_certificate(sit(enrolment)).score == pytest.approx(92.5)


def test_the_time_is_the_servers(enrol: Callable[..., Enrolment], cast: Cast) -> None:
    enrolment, past = enrol(), timezone.now() - timedelta(days=400)
    cast.worker.is_demo = False
    cast.worker.save()
    with pytest.raises(Refused) as refused:
        actions.issue_certificate(enrolment, at=past)
    assert refused.value.code == "server_time"


def test_even_in_the_demo_no_leaf_is_older_than_the_last(issue: Callable[..., Certificate], cast: Cast) -> None:
    first = issue()
    assert issue(cast.boss, at=timezone.now() - timedelta(days=400)).issued_at >= first.issued_at


def test_an_outsider_cannot_issue(enrol: Callable[..., Enrolment], cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        actions.issue_certificate(enrol(), by=cast.other_county)
    assert refused.value.status == 403


def test_hours_are_cut_off_and_never_rounded_up(enrol: Callable[..., Enrolment]) -> None:
    enrolment = enrol(hours="0")
    Enrolment.objects.update(credited_ms=int(4.99 * 3_600_000))
    assert f"{actions.issue_certificate(enrolment).hours:.1f}" == "4.9"


@pytest.mark.parametrize(
    ("kind", "issued", "until", "review"),
    [
        ("annual", date(2026, 11, 21), date(2027, 11, 20), date(2027, 11, 20)),
        ("initial", date(2026, 11, 21), date(2029, 11, 20), date(2027, 11, 20)),
        ("annual", date(2028, 2, 29), date(2029, 2, 28), date(2029, 2, 28)),
        ("annual", date(2026, 1, 1), date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_how_long_it_is_valid(kind: str, issued: date, until: date, review: date) -> None:
    assert rules.term(kind, issued) == (until, review)


def test_a_province_may_set_other_terms(settings: Any) -> None:
    settings.ANLAN_CERTIFICATE_MONTHS = {"initial": "6"}
    assert rules.term("initial", date(2026, 8, 31)) == (date(2027, 2, 28), date(2027, 2, 28))


def test_finding_what_is_due_costs_the_same_for_two_and_for_twenty(
    enrol: Callable[..., Enrolment], django_assert_num_queries: Any
) -> None:
    for _n in range(2):
        enrol()
    with django_assert_num_queries(1):
        assert len(rules.waiting_for_certificate(200)) == 2
    for _n in range(18):
        enrol()
    with django_assert_num_queries(1):
        assert len(rules.waiting_for_certificate(200)) == 20


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_issue_each_certificate_once(enrol: Callable[..., Enrolment]) -> None:
    cast = lay_cast()
    for user in (cast.worker, cast.boss, cast.manager, cast.other_worker):
        enrol(user)
    both, failed = threading.Barrier(2), []

    def work() -> None:
        try:
            waiting = rules.waiting_for_certificate(200)
            both.wait(20)  # both have found the same work
            for enrolment in waiting:
                try:
                    actions.issue_certificate(enrolment)
                except Refused as refusal:
                    assert refusal.code == "already_issued"
        except Exception as error:  # noqa: BLE001  # told by the assertion below
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not failed
    assert Certificate.objects.count() == 4
    assert sorted(LogEntry.objects.values_list("position", flat=True)) == [0, 1, 2, 3]
    assert connection.vendor in ("sqlite", "postgresql")


def test_reminders_come_at_60_30_and_7_days_and_once_each(issue: Callable[..., Certificate], cast: Cast) -> None:
    certificate = issue()
    today = timezone.localdate()
    sent = []
    for left in (61, 60, 45, 30, 8, 7, 1, 0, -1):
        Certificate.objects.filter(pk=certificate.pk).update(valid_until=today + timedelta(days=left))
        sent.append(tasks.remind_expiring())
    assert sent == [0, 1, 0, 1, 0, 1, 0, 0, 0]
    assert Notice.objects.filter(user=cast.worker, kind="certificate_expiring").count() == 3
