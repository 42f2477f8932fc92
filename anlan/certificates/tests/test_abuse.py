"""What somebody might try to get a certificate, or to keep other people's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.certificates import actions, tasks
from anlan.certificates.models import Certificate, PrintBatch
from anlan.certificates.rules import waiting_for_certificate
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment

SignIn = Callable[[User], Client]


def test_who_passed_the_exam_before_learning_gets_no_certificate_until_it_is_learnt(
    enrol: Callable[..., Enrolment],
) -> None:
    enrolment = enrol()
    Enrolment.objects.filter(pk=enrolment.pk).update(learnt_at=None, credited_ms=0, lessons_total=4, lessons_done=0)
    with pytest.raises(Refused):
        actions.issue_certificate(enrolment)
    assert waiting_for_certificate(10) == []
    Enrolment.objects.filter(pk=enrolment.pk).update(credited_ms=24 * 3_600_000, lessons_done=4)
    assert waiting_for_certificate(10) == [enrolment]


def test_a_gathered_file_closes_with_the_post_of_who_asked_for_it(
    issue: Callable[..., Certificate], cast: Cast, sign_in: SignIn
) -> None:
    certificate = issue()
    tasks.sign_waiting()
    client = sign_in(cast.manager)
    client.post("/certificates/print/", {"id": certificate.pk})
    made = PrintBatch.objects.get(by=cast.manager)
    tasks.gather_batch.func(made.pk)
    url = f"/certificates/print/{made.uid}/file/"
    assert client.get(url).status_code == 200
    Post.objects.filter(user=cast.manager, organisation=cast.forge).update(
        until=timezone.localdate() - timedelta(days=1)
    )
    assert client.get(url).status_code == 404


def test_nonsense_among_the_ticked_is_left_out(issue: Callable[..., Certificate], cast: Cast, sign_in: SignIn) -> None:
    certificate = issue()
    answer = sign_in(cast.manager).post("/certificates/print/", {"id": ["²", "9" * 5000, "9" * 30, certificate.pk]})
    assert answer.status_code in (302, 422)
