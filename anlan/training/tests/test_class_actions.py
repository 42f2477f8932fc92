"""Making classes, and the people in them."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta
from anlan.training.actions import class_people, classes
from anlan.training.models import Enrolment, LessonProgress, TrainingClass
from anlan.training.selection import Selection
from anlan.training.tests.making import hire, make_class, make_course, plan_for, seat


def total(measure: str) -> int:
    return sum(Delta.objects.filter(measure=measure).values_list("amount", flat=True))


def create(cast: Cast, **extra: object) -> list[TrainingClass]:
    by = extra.pop("by", cast.manager)
    values = {
        "by": by, "plan": extra.pop("plan", None) or plan_for(make_course(cast)), "batch": uuid4(), **extra,
    }  # fmt: skip
    firms = values.pop("firms", None) or Enterprise.objects.visible_to(by)
    return classes.create_classes(firms, values.pop("selection", Selection()), **values)


def test_a_class_enrols_everyone_meant_and_leaves_its_traces(cast: Cast) -> None:
    hire(cast.enterprise("forge"), 3)
    (one,) = create(cast)
    assert Enrolment.objects.filter(training_class=one, state="assigned", lessons_total=2).count() == 6
    assert one.region_code == cast.forge.region_code
    assert set(Enrolment.objects.values_list("enterprise_id", flat=True)) == {cast.forge.pk}
    assert total("enrolled") == 6 and total("classes") == 1
    assert Delta.objects.first().industry == "C33"
    assert Notice.objects.filter(key=f"class-new:{one.pk}").count() == 6
    record = Record.objects.get(verb="create_class")
    assert record.detail["people"] == 6 and record.actor_id == cast.manager.pk


def test_people_who_left_are_not_enrolled(cast: Cast) -> None:
    Worker.objects.filter(user=cast.worker).update(left_on=timezone.localdate())
    (one,) = create(cast)
    assert not Enrolment.objects.filter(training_class=one, user=cast.worker).exists()


@pytest.mark.parametrize(
    ("selection", "n"),
    [
        (Selection("departments", departments=("锻造车间",)), 3),
        (Selection("jobs", jobs=("锻工",)), 2),
        (Selection("categories", categories=("head", "safety_manager")), 2),
        (Selection("newcomers"), 1),
    ],
)
def test_people_are_chosen_by_department_job_category_or_being_new(cast: Cast, selection: Selection, n: int) -> None:
    hire(cast.enterprise("forge"), 1)
    hire(cast.enterprise("forge"), 1, hired_on=timezone.localdate().replace(month=1, day=1))
    (one,) = create(cast, selection=selection)
    assert one.enrolments.count() == n


def test_one_class_per_department_shares_a_batch(cast: Cast) -> None:
    made = create(cast, split="department")
    assert {one.title for one in made} == {"年度再培训 · 锻造车间", "年度再培训 · 安全部"}
    assert len({one.batch for one in made}) == 1
    assert sorted(one.enrolments.count() for one in made) == [1, 2]


def test_the_same_form_sent_twice_makes_its_classes_once(cast: Cast) -> None:
    plan, batch = plan_for(make_course(cast)), uuid4()
    first = create(cast, plan=plan, batch=batch)
    again = create(cast, plan=plan, batch=batch)
    assert [one.pk for one in first] == [one.pk for one in again]
    assert TrainingClass.objects.count() == 1 and total("classes") == 1


def test_a_batch_of_someone_else_is_not_handed_out(cast: Cast) -> None:
    plan, batch = plan_for(make_course(cast)), uuid4()
    create(cast, plan=plan, batch=batch)
    with pytest.raises(Refused) as refused:
        create(cast, plan=plan, batch=batch, by=cast.other_boss)
    assert refused.value.code == "batch_used"


def test_who_already_has_the_courses_is_left_out_unless_asked_for(cast: Cast) -> None:
    plan = plan_for(make_course(cast))
    create(cast, plan=plan, selection=Selection("jobs", jobs=("叉车工",)))
    (second,) = create(cast, plan=plan)
    assert not second.enrolments.filter(user=cast.worker).exists()
    (third,) = create(cast, plan=plan, again=True)
    assert third.enrolments.filter(user=cast.worker).exists()


def test_a_course_of_which_only_a_part_was_assigned_is_assigned(cast: Cast) -> None:
    one, two = make_course(cast), make_course(cast, "height", title="高处作业")
    create(cast, plan=plan_for(one))
    (second,) = create(cast, plan=plan_for(one, two))
    assert second.enrolments.count() == 3


@pytest.mark.parametrize("who", ["worker", "teacher", "operator", "auditor"])
def test_who_has_no_power_cannot_create(cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refused:
        create(cast, by=getattr(cast, who), firms=Enterprise.objects.all())
    assert refused.value.status == 403
    assert not TrainingClass.objects.exists()


def test_a_manager_cannot_create_for_another_firm(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        create(cast, firms=Enterprise.objects.filter(pk=cast.bakery.pk))
    assert refused.value.status == 404


def test_a_regulator_gives_each_firm_of_the_territory_a_class(cast: Cast) -> None:
    made = create(cast, by=cast.county, firms=Enterprise.objects.all())
    assert {one.organisation_id for one in made} == {cast.forge.pk, cast.bakery.pk}
    assert not Enrolment.objects.filter(user=cast.far_worker).exists()
    for one in made:
        assert set(one.enrolments.values_list("enterprise_id", flat=True)) == {one.organisation_id}
        assert one.enrolments.count() > 0
    assert Notice.objects.filter(user=cast.manager, key__startswith="class-given:").count() == 1
    assert Notice.objects.filter(user=cast.other_boss, key__startswith="class-given:").count() == 1


def test_nothing_is_made_for_nobody(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        create(cast, selection=Selection("jobs", jobs=("潜水员",)))
    assert refused.value.code == "nobody"


def test_a_withdrawn_course_is_refused(cast: Cast) -> None:
    course = make_course(cast)
    course.state = "withdrawn"
    course.save()
    with pytest.raises(Refused) as refused:
        create(cast, plan=plan_for(course))
    assert refused.value.field == "courses"


def test_more_people_do_not_mean_more_statements(cast: Cast) -> None:
    plan = plan_for(make_course(cast))
    with CaptureQueriesContext(connection) as few:
        create(cast, plan=plan)
    hire(cast.enterprise("forge"), 60)
    with CaptureQueriesContext(connection) as many:
        create(cast, plan=plan, again=True)
    assert len(many) <= len(few) < 20


def test_what_was_learnt_this_year_counts_in_the_new_class(cast: Cast) -> None:
    course = make_course(cast)
    lesson = course.lessons.first()
    LessonProgress.objects.create(
        user=cast.worker,
        lesson=lesson,
        year=timezone.localdate().year,
        covered_ms=600_000,
        credited_ms=600_000,
        completed_at=timezone.now(),
    )
    (one,) = create(cast, plan=plan_for(course))
    enrolment = seat(one, cast.worker)
    assert (enrolment.lessons_done, enrolment.state) == (1, "learning")


# --- undo -----------------------------------------------------------------------------------------


def test_a_batch_is_taken_back_while_nobody_has_begun(cast: Cast) -> None:
    made = create(cast, split="department")
    assert classes.undo_batch(made[0].batch, by=cast.manager) == 2
    assert set(TrainingClass.objects.values_list("state", flat=True)) == {"cancelled"}
    assert total("enrolled") == 0 and total("classes") == 0
    assert not Notice.objects.filter(key__startswith="class-new:").exists()


def test_a_batch_is_not_taken_back_once_somebody_began(cast: Cast) -> None:
    made = create(cast, split="department")
    Enrolment.objects.filter(user=cast.worker).update(state="learning", last_seen_at=timezone.now())
    with pytest.raises(Refused) as refused:
        classes.undo_batch(made[0].batch, by=cast.manager)
    assert refused.value.code == "begun"
    assert TrainingClass.objects.filter(state="open").count() == 2


def test_a_regulator_takes_back_what_they_made_and_nothing_else(cast: Cast) -> None:
    made = create(cast, by=cast.county, firms=Enterprise.objects.all())
    with pytest.raises(Refused):
        classes.undo_batch(made[0].batch, by=cast.other_county)
    with pytest.raises(Refused):
        classes.undo_batch(made[0].batch, by=cast.manager)
    mine = next(one for one in made if one.organisation_id == cast.forge.pk)
    with pytest.raises(Refused) as refused:
        classes.cancel_class(mine, by=cast.manager, version=1)
    assert refused.value.code == "given"
    assert classes.undo_batch(made[0].batch, by=cast.county) == 2


# --- people ---------------------------------------------------------------------------------------


def test_people_are_added_once(cast: Cast) -> None:
    one = make_class(cast, selection=Selection("jobs", jobs=("叉车工",)))
    new = hire(cast.enterprise("forge"), 2)
    everyone = Worker.objects.filter(pk__in=[w.pk for w in new]) | Worker.objects.filter(user=cast.worker)
    assert class_people.enrol_workers(one, everyone, by=cast.manager) == 2
    assert one.enrolments.count() == 3
    assert total("enrolled") == 3
    with pytest.raises(Refused) as refused:
        class_people.enrol_workers(one, everyone, by=cast.manager)
    assert refused.value.code == "nobody_new"


def test_strangers_cannot_be_added(cast: Cast) -> None:
    one = make_class(cast)
    with pytest.raises(Refused):
        class_people.enrol_workers(one, Worker.objects.filter(user=cast.other_worker), by=cast.manager)
    assert not one.enrolments.filter(user=cast.other_worker).exists()


def test_withdrawing_needs_a_reason_and_can_be_undone(cast: Cast) -> None:
    one = make_class(cast)
    row = seat(one, cast.worker)
    Enrolment.objects.filter(pk=row.pk).update(state="learning", credited_ms=5000)
    with pytest.raises(Refused) as refused:
        class_people.withdraw_people(one, [row.pk], by=cast.manager, reason=" ")
    assert refused.value.field == "reason"
    assert class_people.withdraw_people(one, [row.pk], by=cast.manager, reason="已离职") == 1
    assert total("enrolled") == 2
    assert Record.objects.get(verb="withdraw_people").detail["reason"] == "已离职"
    assert class_people.restore_people(one, [row.pk], by=cast.manager) == 1
    row.refresh_from_db()
    assert (row.state, row.credited_ms) == ("learning", 5000)
    assert total("enrolled") == 3


def test_who_has_finished_is_not_withdrawn(cast: Cast) -> None:
    one = make_class(cast)
    row = seat(one, cast.worker)
    Enrolment.objects.filter(pk=row.pk).update(state="learnt", learnt_at=timezone.now())
    with pytest.raises(Refused):
        class_people.withdraw_people(one, [row.pk], by=cast.manager, reason="错了")
    row.refresh_from_db()
    assert row.state == "learnt"


def test_reminding_reaches_who_lags_once_a_day(cast: Cast) -> None:
    one = make_class(cast)
    Enrolment.objects.filter(user=cast.boss).update(state="passed", passed_at=timezone.now())
    now = timezone.now()
    assert class_people.remind_people(one, by=cast.manager, now=now) == 2
    with pytest.raises(Refused) as refused:
        class_people.remind_people(one, by=cast.manager, now=now)
    assert refused.value.code == "reminded"
    assert class_people.remind_people(one, by=cast.manager, now=now + timedelta(days=1)) == 2
    assert not Notice.objects.filter(user=cast.boss, key__startswith="class-remind:").exists()


def test_passing_is_marked_once_and_never_for_the_withdrawn(cast: Cast) -> None:
    one = make_class(cast)
    row = seat(one, cast.worker)
    assert class_people.mark_passed(row, by=None) is True
    assert (row.state, row.passed_at is not None) == ("passed", True)
    assert class_people.mark_passed(row, by=None) is False
    gone = seat(one, cast.boss)
    Enrolment.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert class_people.mark_passed(gone, by=None) is False


# --- steps ----------------------------------------------------------------------------------------


def test_extending_tells_who_still_learns(cast: Cast) -> None:
    one = make_class(cast)
    later = one.deadline + timedelta(days=10)
    classes.extend_class(one, by=cast.manager, version=1, deadline=later)
    one.refresh_from_db()
    assert one.deadline == later
    assert Notice.objects.filter(user=cast.worker, key__startswith=f"class-extend:{one.pk}").exists()


def test_an_earlier_deadline_is_refused(cast: Cast) -> None:
    one = make_class(cast)
    with pytest.raises(Refused) as refused:
        classes.extend_class(one, by=cast.manager, version=1, deadline=one.deadline - timedelta(days=1))
    assert refused.value.field == "until"


@pytest.mark.parametrize("step", [classes.close_class, classes.cancel_class])
def test_a_stale_form_changes_nothing(cast: Cast, step: Callable[..., None]) -> None:
    one = make_class(cast)
    classes.extend_class(one, by=cast.manager, version=1, deadline=one.deadline + timedelta(days=1))
    with pytest.raises(Refused) as refused:
        step(one, by=cast.manager, version=1)
    assert refused.value.code == "stale"
    one.refresh_from_db()
    assert one.state == "open"


def test_a_closed_class_takes_nobody_and_can_be_reopened(cast: Cast) -> None:
    one = make_class(cast, selection=Selection("jobs", jobs=("叉车工",)))
    classes.close_class(one, by=cast.manager, version=1)
    with pytest.raises(Refused) as refused:
        class_people.enrol_workers(one, Worker.objects.all(), by=cast.manager)
    assert refused.value.code == "not_open"
    classes.reopen_class(one, by=cast.manager, version=2)
    assert class_people.enrol_workers(one, Worker.objects.all(), by=cast.manager) == 2


def test_a_class_in_which_someone_finished_is_not_cancelled(cast: Cast) -> None:
    one = make_class(cast)
    Enrolment.objects.filter(user=cast.worker).update(state="learnt")
    with pytest.raises(Refused) as refused:
        classes.cancel_class(one, by=cast.manager, version=1)
    assert refused.value.code == "finished"


def test_cancelling_takes_the_class_out_of_the_counts(cast: Cast) -> None:
    one = make_class(cast)
    classes.cancel_class(one, by=cast.manager, version=1)
    assert total("enrolled") == 0 and total("classes") == 0
    assert Notice.objects.filter(user=cast.worker, key=f"class-cancel:{one.pk}").exists()


@pytest.mark.parametrize("who", ["county", "worker", "other_boss"])
def test_others_cannot_change_a_class(cast: Cast, who: str) -> None:
    one = make_class(cast)
    by = getattr(cast, who)
    for act in (
        lambda: classes.close_class(one, by=by, version=1),
        lambda: classes.cancel_class(one, by=by, version=1),
        lambda: classes.extend_class(one, by=by, version=1, deadline=one.deadline + timedelta(days=2)),
        lambda: class_people.remind_people(one, by=by),
        lambda: class_people.withdraw_people(one, [1], by=by, reason="x"),
        lambda: class_people.enrol_workers(one, Worker.objects.all(), by=by),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403
