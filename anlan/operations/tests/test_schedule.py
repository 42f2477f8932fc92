"""The clock: every job exists, an error in one stops nothing, a killed worker's tasks are taken up again."""

import logging

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from anlan.operations.management.commands.worker import take_up_again
from anlan.operations.schedule import JOBS, build, run_job


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.call)
def test_every_job_is_there_and_has_one_time(job: object) -> None:
    assert callable(import_string(job.call)) or hasattr(import_string(job.call), "enqueue")  # type: ignore[attr-defined]
    assert bool(job.seconds) != bool(job.at)  # type: ignore[attr-defined]


def test_no_job_overlaps_itself_or_waits_for_another() -> None:
    clock = build()
    clock.start(paused=True)
    jobs = clock.get_jobs()
    assert len(jobs) == len(JOBS)
    assert all(job.max_instances == 1 and job.coalesce for job in jobs)
    clock.shutdown()


def broken() -> None:
    raise ZeroDivisionError


def test_an_error_is_logged_and_survived(transactional_db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run_job(f"{__name__}.broken")
    assert "broken failed" in caplog.text


def test_a_job_that_is_a_background_task_is_queued_once(transactional_db: None) -> None:
    run_job("anlan.audit.tasks.check_chain")
    assert DBTaskResult.objects.filter(task_path__contains="check_chain", status="READY").count() == 1


def left_behind(*workers: str) -> DBTaskResult:
    return DBTaskResult.objects.create(
        status="RUNNING", worker_ids=list(workers), args_kwargs={"args": [], "kwargs": {}}, backend_name="default",
        task_path="anlan.audit.tasks.check_chain", run_after=timezone.now(), started_at=timezone.now(),
    )  # fmt: skip


def test_what_a_killed_worker_was_doing_is_queued_again_but_not_for_ever(db: None) -> None:
    mine, others, hopeless = left_behind("me"), left_behind("me", "other"), left_behind("me", "me", "me")
    assert take_up_again("me") == 2
    for task in (mine, others, hopeless):
        task.refresh_from_db()
    assert [task.status for task in (mine, others, hopeless)] == ["READY", "RUNNING", "FAILED"]
