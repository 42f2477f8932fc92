"""Revoking takes two people of the territory, and everybody sees it afterwards."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.certificates import actions, log, tasks
from anlan.certificates.due import due_for
from anlan.certificates.models import Certificate, LogEntry, Revocation
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta
from anlan.training.models import Enrolment

Issue = Callable[..., Certificate]
WHY = "考试由他人代考，已核实"


def code(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code, refused.value.status


def test_two_people_revoke_and_everybody_is_told(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    revocation = actions.ask_revocation(certificate, by=cast.county, because=WHY)
    certificate.refresh_from_db()
    assert certificate.state == "valid"
    assert [due.url for due in due_for(cast.city)] == [f"/certificates/{certificate.pk}/"]
    assert due_for(cast.county) == due_for(cast.other_county) == []
    actions.decide_revocation(revocation, by=cast.city, approve=True)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revoked_by, certificate.revoked_because) == ("revoked", cast.city, WHY)
    assert list(LogEntry.objects.values_list("kind", flat=True)) == ["issue", "revoke"]
    told = set(Notice.objects.filter(kind="revoked").values_list("user__name", flat=True))
    assert told == {"李国强", "吴建国", "周敏", "陈立"}
    assert set(Record.objects.values_list("verb", flat=True)) >= {"ask_revocation", "decide_revocation"}
    assert Delta.objects.get(measure="revoked").amount == 1
    assert log.check_log() == (2, None)
    assert due_for(cast.city) == []


def test_one_cannot_approve_the_own_request_but_take_it_back(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    revocation = actions.ask_revocation(certificate, by=cast.county, because=WHY)
    refused = code(lambda: actions.decide_revocation(revocation, by=cast.county, approve=True))
    assert refused == ("own_request", 403)
    revocation.refresh_from_db()
    assert revocation.approved is None
    actions.decide_revocation(revocation, by=cast.county, approve=False)
    certificate.refresh_from_db()
    assert certificate.revoked_at is None
    assert actions.ask_revocation(certificate, by=cast.city, because=WHY).pk != revocation.pk


def test_a_refused_request_tells_the_asker_and_revokes_nothing(issue: Issue, cast: Cast) -> None:
    revocation = actions.ask_revocation(issue(), by=cast.county, because=WHY)
    actions.decide_revocation(revocation, by=cast.city, approve=False)
    assert Certificate.objects.get().revoked_at is None
    assert Notice.objects.filter(user=cast.county, title__startswith="注销申请没有通过").exists()
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("other_county", ("not_found", 404)),
        ("other_city", ("not_found", 404)),
        ("other_boss", ("not_found", 404)),
        ("worker", ("not_found", 404)),
        ("auditor", ("not_found", 404)),
        ("manager", ("no_power", 403)),
        ("town", ("no_power", 403)),
        ("grid", ("no_power", 403)),
    ],
)
def test_others_can_neither_ask_nor_decide(issue: Issue, cast: Cast, who: str, expected: tuple[str, int]) -> None:
    certificate = issue()
    person = cast.people[who]
    assert code(lambda: actions.ask_revocation(certificate, by=person, because=WHY)) == expected
    revocation = actions.ask_revocation(certificate, by=cast.county, because=WHY)
    assert code(lambda: actions.decide_revocation(revocation, by=person, approve=True)) == expected


def test_a_second_request_while_one_waits_is_refused(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    actions.ask_revocation(certificate, by=cast.county, because=WHY)
    assert code(lambda: actions.ask_revocation(certificate, by=cast.city, because=WHY)) == ("already_asked", 409)


def test_without_a_reason_nothing_is_asked(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    assert code(lambda: actions.ask_revocation(certificate, by=cast.county, because="  错 ")) == ("reason", 422)


def test_a_stale_approval_changes_nothing(issue: Issue, cast: Cast) -> None:
    revocation = actions.ask_revocation(issue(), by=cast.county, because=WHY)
    seen_earlier = Revocation.objects.get(pk=revocation.pk)
    actions.decide_revocation(revocation, by=cast.city, approve=False)
    refused = code(lambda: actions.decide_revocation(seen_earlier, by=cast.province, approve=True))
    assert refused == ("stale", 409)
    assert Certificate.objects.get().revoked_at is None


def test_an_old_request_cannot_be_approved_any_more(issue: Issue, cast: Cast) -> None:
    revocation = actions.ask_revocation(issue(), by=cast.county, because=WHY)
    Revocation.objects.update(asked_at=timezone.now() - timedelta(days=31))
    refused = code(lambda: actions.decide_revocation(revocation, by=cast.city, approve=True))
    assert refused == ("outdated", 409)


def test_a_request_of_someone_who_left_the_post_cannot_be_approved(issue: Issue, cast: Cast) -> None:
    revocation = actions.ask_revocation(issue(), by=cast.county, because=WHY)
    Post.objects.filter(user=cast.county).update(until=timezone.localdate())
    refused = code(lambda: actions.decide_revocation(revocation, by=cast.city, approve=True))
    assert refused == ("asker_left", 409)


def test_a_revoked_certificate_is_not_revoked_again_nor_issued_again_by_itself(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    revocation = actions.ask_revocation(certificate, by=cast.county, because=WHY)
    actions.decide_revocation(revocation, by=cast.city, approve=True)
    assert code(lambda: actions.ask_revocation(certificate, by=cast.county, because=WHY)) == ("already_revoked", 409)
    assert tasks.issue_due() == 0
    enrolment = Enrolment.objects.get()
    assert code(lambda: actions.issue_certificate(enrolment)) == ("already_issued", 409)
    assert code(lambda: actions.issue_certificate(enrolment, by=cast.manager)) == ("already_issued", 409)
    assert actions.issue_certificate(enrolment, by=cast.county).number != certificate.number
    assert code(lambda: actions.issue_certificate(enrolment, by=cast.county)) == ("already_issued", 409)


def test_the_pages_ask_and_decide(issue: Issue, cast: Cast, sign_in: Callable[[User], Client]) -> None:
    certificate = issue()
    asker, decider = sign_in(cast.county), sign_in(cast.city)
    url = f"/certificates/{certificate.pk}/"
    assert "申请注销这张证书" in asker.get(url).content.decode()
    answer = asker.post(f"{url}revoke/", {"because": ""})
    assert (answer.status_code, "有 1 处要改" in answer.content.decode()) == (422, True)
    assert asker.post(f"{url}revoke/", {"because": WHY}).status_code == 302
    assert asker.post(f"{url}revoke/", {"because": WHY}).status_code == 409
    page = asker.get(url).content.decode()
    assert ("撤回申请" in page, "同意，注销证书" in page) == (True, False)
    assert "同意，注销证书" in decider.get(url).content.decode()
    decide = f"/certificates/revocations/{Revocation.objects.get().pk}/decide/"
    assert decider.get(decide).status_code == 405
    assert sign_in(cast.other_county).post(decide, {"approve": "yes"}).status_code == 404
    assert sign_in(cast.manager).post(decide, {"approve": "yes"}).status_code == 404
    assert asker.post(decide, {"approve": "yes"}).status_code == 403
    assert decider.post(decide, {"approve": "yes"}).status_code == 302
    assert decider.post(decide, {"approve": "yes"}).status_code == 409
    assert "已在" in decider.get(url).content.decode()
    assert asker.post(f"{url}reissue/").status_code == 302
    assert Certificate.objects.in_force().count() == 1
