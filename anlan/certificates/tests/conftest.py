"""Facts that certificates are made of: a class, people who reached its standard, and their certificates."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from anlan.accounts.models import User
from anlan.certificates import actions, log
from anlan.certificates.models import Certificate
from anlan.exams.models import Blueprint, Exam, Sitting
from anlan.files.actions import open_blob
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment, TrainingClass


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    """Keys and files of one test never meet those of another."""
    settings.VAR_DIR = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        },
    }


@pytest.fixture
def enrol(cast: Cast) -> Callable[..., Enrolment]:
    """Enrol a person in a new class of the forge, passed unless told otherwise."""

    def _enrol(user: User | None = None, *, state: str = "passed", hours: str = "24.0", **of_class: Any) -> Enrolment:
        now = timezone.now()
        training_class = TrainingClass.objects.create(
            organisation=of_class.pop("organisation", cast.forge),
            region_code=cast.forge.region_code,
            title=of_class.pop("title", "新员工三级安全教育"),
            kind=of_class.pop("kind", "initial"),
            hours=hours,
            starts_on=now.date(),
            deadline=now + timedelta(days=30),
            created_by=cast.manager,
            **of_class,
        )
        return Enrolment.objects.create(
            training_class=training_class,
            user=user or cast.worker,
            enterprise_id=cast.forge.pk,
            state=state,
            credited_ms=24 * 3_600_000,
            learnt_at=now,
            passed_at=now if state == "passed" else None,
        )

    return _enrol


@pytest.fixture
def sit(cast: Cast) -> Callable[..., Sitting]:
    """A scored sitting of the final exam of an enrolment's class."""

    def _sit(enrolment: Enrolment, *, score: str = "92.50", passed: bool = True) -> Sitting:
        blueprint, _new = Blueprint.objects.get_or_create(owner=cast.school, code="final", title="结业", rules=[])
        now = timezone.now()
        exam, _new = Exam.objects.get_or_create(
            training_class=enrolment.training_class,
            kind="final",
            defaults={
                "organisation": cast.forge,
                "region_code": cast.forge.region_code,
                "blueprint": blueprint,
                "title": "结业考试",
                "opens_at": now,
                "closes_at": now,
                "minutes": 60,
                "pass_mark": 80,
            },
        )
        n = exam.sittings.count() + 1
        return Sitting.objects.create(
            exam=exam,
            user=enrolment.user,
            attempt=n,
            seed=n,
            state="scored",
            score=score,
            full_score=100,
            passed=passed,
        )

    return _sit


@pytest.fixture
def issue(enrol: Callable[..., Enrolment]) -> Callable[..., Certificate]:
    """A signed certificate."""

    def _issue(user: User | None = None, *, at: Any = None, **of_class: Any) -> Certificate:
        certificate = actions.issue_certificate(enrol(user, **of_class), at=at)
        head = log.sign_head(every=timedelta(0))
        assert head is not None
        actions.sign_certificate(certificate, head)
        certificate.refresh_from_db()
        return certificate

    return _issue


@pytest.fixture
def content() -> Callable[[Certificate], bytes]:
    """The bytes of a signed PDF."""

    def _content(certificate: Certificate) -> bytes:
        assert certificate.pdf is not None
        with open_blob(certificate.pdf) as file:
            return bytes(file.read())

    return _content
