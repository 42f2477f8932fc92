"""The life of a hazard: who may do what when, what is compulsory, what is refused."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.agencies.scoring import rechecks
from anlan.audit.models import Record
from anlan.enterprises.models import Mandate
from anlan.hazards import actions, deadlines
from anlan.hazards.models import Hazard, HazardStep, Holiday
from anlan.hazards.tests.making import FULL, PLAN, after, cured, curing, found, make_late
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db


def refused(code: str, action: Any, *args: Any, **given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        action(*args, **given)
    assert caught.value.code == code, caught.value.code
    return caught.value


def mandate(cast: Cast, key: str, kind: str = "contract") -> None:
    Mandate.objects.create(
        enterprise_id=cast.forge.pk, organisation=cast.organisations[key], kind=kind, since=date(2026, 1, 1)
    )


def test_a_general_hazard_lives_from_finding_to_closing(cast: Cast) -> None:
    hazard = found(cast)
    assert (hazard.state, hazard.level, hazard.number[:15]) == ("found", 1, f"YH-410105-{timezone.localdate():%y%m}0")
    actions.plan_hazard(hazard, by=cast.manager, **PLAN)
    assert hazard.state == "curing"
    after(hazard, cast.manager)
    actions.cure_hazard(hazard, by=cast.manager, words="移走了")
    actions.pass_hazard(hazard, by=cast.grid)
    hazard.refresh_from_db()
    assert (hazard.state, hazard.verified_by, hazard.cured_by) == ("closed", cast.grid, cast.manager)
    assert [step.verb for step in hazard.steps.order_by("pk")] == ["find", "plan", "cure", "pass"]
    assert all(step.by_post for step in hazard.steps.all())
    assert Record.objects.filter(subject_kind="hazards.hazard", subject_id=str(hazard.pk)).count() == 4
    assert Notice.objects.filter(user=cast.grid, text=hazard.title).exists()
    assert Notice.objects.filter(user=cast.manager).exists()


def test_a_major_hazard_wants_all_five_musts(cast: Cast) -> None:
    hazard = found(cast, grade="major", criterion="粉尘")
    for name in ("measure", "responsible", "fen", "contingency"):
        given = FULL | {name: None if name == "fen" else " "}
        assert refused("must_missing", actions.plan_hazard, hazard, by=cast.manager, **given).field == name
    actions.plan_hazard(hazard, by=cast.manager, **FULL)
    assert hazard.fen == 0
    assert hazard.state == "curing"


def test_a_general_hazard_wants_three(cast: Cast) -> None:
    hazard = found(cast)
    refused("must_missing", actions.plan_hazard, hazard, by=cast.manager, measure="移走", responsible="")
    actions.plan_hazard(hazard, by=cast.manager, **PLAN)


def test_a_major_hazard_that_passes_waits_for_its_closing_by_the_town(cast: Cast) -> None:
    hazard = cured(cast, grade="major")
    actions.pass_hazard(hazard, by=cast.grid)
    assert hazard.state == "passed"
    refused("not_yours", actions.close_hazard, hazard, by=cast.grid, words="看过")
    refused("empty", actions.close_hazard, hazard, by=cast.town, words=" ")
    actions.close_hazard(hazard, by=cast.town, words="现场复核")
    assert hazard.state == "closed"


def test_a_major_hazard_is_told_to_town_and_county_at_once(cast: Cast) -> None:
    hazard = found(cast, grade="major", criterion="粉尘")
    for who in (cast.town, cast.county, cast.boss):
        assert Notice.objects.filter(user=who, key=f"hazard-found:{hazard.pk}").exists(), who


def test_curing_wants_a_photograph_of_this_round(cast: Cast) -> None:
    hazard = curing(cast)
    refused("no_photo", actions.cure_hazard, hazard, by=cast.manager, words="移走了")
    after(hazard, cast.manager)
    actions.cure_hazard(hazard, by=cast.manager, words="移走了")
    actions.fail_hazard(hazard, by=cast.grid, words="又堆上了")
    refused("no_photo", actions.cure_hazard, hazard, by=cast.manager, words="又移走了")


def test_nobody_verifies_their_own_work(cast: Cast) -> None:
    hazard = cured(cast)
    refused("not_yours", actions.pass_hazard, hazard, by=cast.manager)
    # An officer who also fixed it, in whatever post, is refused as well.
    Hazard.objects.filter(pk=hazard.pk).update(fixer=cast.grid)
    hazard.refresh_from_db()
    assert "自己的整改" in str(refused("not_yours", actions.pass_hazard, hazard, by=cast.grid))
    actions.pass_hazard(hazard, by=cast.town)


def test_an_agency_verifies_what_it_found_unless_it_helps(cast: Cast) -> None:
    mandate(cast, "anhe")
    hazard = found(cast, by=cast.engineer, source="agency", **PLAN)
    assert hazard.found_for == cast.anhe
    after(hazard, cast.manager)
    actions.cure_hazard(hazard, by=cast.manager, words="移走了")
    assert hazard.can("pass", cast.engineer)
    assert hazard.can("pass", cast.grid)
    assert not hazard.can("pass", cast.other_agency)
    Hazard.objects.filter(pk=hazard.pk).update(helper=cast.anhe)
    hazard.refresh_from_db()
    assert not hazard.can("pass", cast.engineer)
    refused("not_yours", actions.pass_hazard, hazard, by=cast.agency)
    actions.pass_hazard(hazard, by=cast.grid)


def test_a_helper_needs_a_contract(cast: Cast) -> None:
    hazard = curing(cast)
    refused("helper", actions.reassign_hazard, hazard, by=cast.manager, helper=cast.anhe)
    mandate(cast, "anhe")
    actions.reassign_hazard(hazard, by=cast.manager, helper=cast.anhe, fixer=cast.worker)
    assert Hazard.objects.visible_to(cast.engineer).filter(pk=hazard.pk).exists()
    assert Hazard.objects.visible_to(cast.worker).filter(pk=hazard.pk).exists()
    assert hazard.can("cure", cast.engineer)
    assert hazard.can("cure", cast.worker)
    refused("fixer", actions.reassign_hazard, hazard, by=cast.manager, fixer=cast.other_worker)


def test_a_failed_re_inspection_gives_a_new_deadline_and_rises_to_town_then_county(cast: Cast) -> None:
    hazard = cured(cast)
    actions.fail_hazard(hazard, by=cast.grid, words="没有清完")
    assert (hazard.state, hazard.level, hazard.failed) == ("curing", 2, 1)
    assert hazard.deadline is not None
    assert hazard.deadline > timezone.localdate()
    after(hazard, cast.manager, "blue")
    actions.cure_hazard(hazard, by=cast.manager, words="清完了")
    refused("not_yours", actions.pass_hazard, hazard, by=cast.grid)
    actions.fail_hazard(hazard, by=cast.town, words="还有")
    assert hazard.level == 3
    after(hazard, cast.manager, "white")
    actions.cure_hazard(hazard, by=cast.manager, words="清完了")
    refused("not_yours", actions.pass_hazard, hazard, by=cast.town)
    actions.pass_hazard(hazard, by=cast.county)
    assert hazard.state == "closed"


def test_a_firm_with_two_managers_closes_what_it_found_by_the_other_one(cast: Cast) -> None:
    hazard = cured(cast, source="self")
    refused("own_cure", actions.self_close_hazard, hazard, by=cast.manager, words="好了")
    actions.self_close_hazard(hazard, by=cast.boss, words="看过")
    assert (hazard.state, hazard.verified_by) == ("closed", cast.boss)
    assert not refused_verify(hazard)


def refused_verify(hazard: Hazard) -> bool:
    return hazard.verified_by_id is not None and hazard.verified_by_id == hazard.cured_by_id


def test_one_person_closes_alone_but_verifies_nothing(cast: Cast) -> None:
    Post.objects.filter(user=cast.boss).update(until=timezone.localdate())
    hazard = curing(cast, by=cast.manager, source="self")
    after(hazard, cast.manager)
    step = actions.self_close_hazard(hazard, by=cast.manager, words="换了新的")
    assert step.detail == {"alone": True}
    assert (hazard.state, hazard.verified_by, hazard.cured_by_id) == ("closed", None, cast.manager.pk)


def test_what_the_firm_found_itself_is_major_and_needs_the_officer(cast: Cast) -> None:
    hazard = cured(cast, grade="major", source="self")
    refused("wrong_state", actions.self_close_hazard, hazard, by=cast.boss, words="好了")
    actions.pass_hazard(hazard, by=cast.grid)


def test_an_officers_hazard_is_not_closed_by_the_firm(cast: Cast) -> None:
    refused("wrong_state", actions.self_close_hazard, cured(cast), by=cast.boss, words="好了")


def test_a_deadline_in_the_past_or_too_far_is_refused(cast: Cast) -> None:
    today = timezone.localdate()
    caught = refused("deadline_past", found, cast, deadline=today - timedelta(days=1))
    assert (caught.field, caught.status) == ("deadline", 422)
    refused("deadline_far", found, cast, deadline=today + timedelta(days=90))


def test_a_deadline_on_a_holiday_moves_and_says_so(cast: Cast) -> None:
    day = timezone.localdate() + timedelta(days=5)
    for n in range(3):
        Holiday.objects.create(day=day + timedelta(days=n), works=n == 2, name="演示假", source="测试")
    hazard = found(cast, deadline=day, **PLAN)
    assert hazard.deadline == day + timedelta(days=2)
    said = hazard.steps.get(verb="plan").detail["moved"]
    assert f"顺延到 {hazard.deadline.month} 月 {hazard.deadline.day} 日" in said
    assert deadlines.weekday(hazard.deadline) in said


def test_the_firm_shortens_a_deadline_but_does_not_lengthen_it(cast: Cast) -> None:
    hazard = curing(cast)
    held = hazard.deadline
    assert held is not None
    refused("deadline_later", actions.plan_hazard, hazard, by=cast.manager, deadline=held + timedelta(days=3), **PLAN)
    actions.plan_hazard(hazard, by=cast.grid, deadline=held + timedelta(days=3), **PLAN)
    assert hazard.deadline >= held + timedelta(days=3)


def test_more_time_is_asked_once_and_answered_by_somebody_else(cast: Cast) -> None:
    hazard = curing(cast)
    assert hazard.deadline is not None
    until = hazard.deadline + timedelta(days=7)
    extension = actions.ask_extension(hazard, by=cast.manager, until=until, because="配件没到")
    refused("one_open", actions.ask_extension, hazard, by=cast.boss, until=until, because="再问")
    refused("not_yours", actions.decide_extension, extension, by=cast.boss, granted=True, words="")
    extension.refresh_from_db()
    assert extension.granted is None
    refused("empty", actions.decide_extension, extension, by=cast.grid, granted=False, words="")
    hazard.refresh_from_db()
    extension.hazard = hazard
    actions.decide_extension(extension, by=cast.grid, granted=True, words="")
    hazard.refresh_from_db()
    assert hazard.deadline == extension.until
    refused("decided", actions.decide_extension, extension, by=cast.grid, granted=False, words="不")


def test_a_major_hazard_is_extended_by_the_town_and_none_after_the_deadline(cast: Cast) -> None:
    hazard = curing(cast, grade="major")
    assert hazard.deadline is not None
    extension = actions.ask_extension(
        hazard, by=cast.manager, until=hazard.deadline + timedelta(days=20), because="招标"
    )
    refused("not_yours", actions.decide_extension, extension, by=cast.grid, granted=True, words="")
    extension.hazard.refresh_from_db()
    actions.decide_extension(extension, by=cast.town, granted=True, words="")
    late = curing(cast)
    make_late(late, 1)
    refused(
        "late",
        actions.ask_extension,
        late,
        by=cast.manager,
        until=timezone.localdate() + timedelta(days=3),
        because="忘了",
    )


def test_a_closed_hazard_comes_back_within_a_year(cast: Cast) -> None:
    hazard = cured(cast)
    actions.pass_hazard(hazard, by=cast.grid)
    refused("not_yours", actions.reopen_hazard, hazard, by=cast.manager, words="又堵了")
    actions.reopen_hazard(hazard, by=cast.grid, words="又堵了")
    assert (hazard.state, hazard.reopened, hazard.cured_by, hazard.closed_at) == ("curing", 1, None, None)
    old = cured(cast)
    actions.pass_hazard(old, by=cast.grid)
    Hazard.objects.filter(pk=old.pk).update(closed_at=timezone.now() - timedelta(days=400))
    old.refresh_from_db()
    refused("not_yours", actions.reopen_hazard, old, by=cast.grid, words="又堵了")


def test_a_wrong_entry_becomes_void_and_stays_on_record(cast: Cast) -> None:
    hazard = found(cast)
    refused("empty", actions.void_hazard, hazard, by=cast.grid, words="")
    actions.void_hazard(hazard, by=cast.grid, words="登记到了别家")
    assert (hazard.state, hazard.steps.count()) == ("void", 2)
    major = found(cast, by=cast.manager, source="self", grade="major", criterion="粉尘")
    refused("not_yours", actions.void_hazard, major, by=cast.manager, words="不要了")
    done = cured(cast)
    refused("not_yours", actions.void_hazard, done, by=cast.grid, words="不要了")
    actions.void_hazard(done, by=cast.town, words="重复登记")


def test_the_grade_goes_up_with_a_criterion_and_down_by_the_town_only(cast: Cast) -> None:
    hazard = curing(cast)
    actions.regrade_hazard(hazard, by=cast.grid, words="符合第四条")
    assert (hazard.grade, hazard.criterion) == ("major", "符合第四条")
    refused("not_yours", actions.regrade_hazard, hazard, by=cast.grid, words="算了")
    actions.regrade_hazard(hazard, by=cast.town, words="不符合")
    assert hazard.grade == "general"


def test_the_second_of_two_is_told_who_was_first(cast: Cast) -> None:
    hazard = cured(cast)
    mine = Hazard.objects.get(pk=hazard.pk)
    actions.pass_hazard(hazard, by=cast.grid)
    caught = refused("stale", actions.fail_hazard, mine, by=cast.town, words="不行")
    assert "刘海涛" in str(caught.message)
    assert "复查通过" in str(caught.message)
    refused("stale", actions.note_hazard, hazard, by=cast.grid, words="说", version=0)
    assert HazardStep.objects.filter(hazard=hazard, verb="fail").count() == 0


def test_a_double_tap_registers_once(cast: Cast) -> None:
    uid = uuid.uuid4()
    first, second = found(cast, client_id=uid), found(cast, client_id=uid)
    assert first.pk == second.pk
    refused("client_id_used", found, cast, client_id=uid, by=cast.manager, source="self")


@pytest.mark.parametrize(
    "who", ["other_grid", "other_county", "other_boss", "other_agency", "province", "teacher", "operator"]
)
def test_outsiders_register_nothing_at_the_forge(cast: Cast, who: str) -> None:
    refused("not_yours", found, cast, by=cast.people[who])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"place": ""}, "place"),
        ({"kind": "x"}, "kind"),
        ({"source": "x"}, "source"),
        ({"grade": "x"}, "grade"),
        ({"fen": -1}, "fen"),
    ],
)
def test_bad_input_names_its_field(cast: Cast, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as caught:
        found(cast, **given)
    assert (caught.value.status, caught.value.field) == (422, field)
    assert not Hazard.objects.exists()


def test_a_device_ahead_of_time_is_refused(cast: Cast) -> None:
    refused("future", found, cast, at=timezone.now() + timedelta(days=1))


def test_numbers_run_per_county_and_month(cast: Cast) -> None:
    numbers = [
        found(cast).number,
        found(cast).number,
        found(cast, firm="luoyang", by=cast.far_worker, source="self").number,
    ]
    assert numbers[0][-4:] == "0001"
    assert numbers[1][-4:] == "0002"
    assert numbers[2].startswith("YH-410303-")
    assert numbers[2].endswith("0001")


def test_a_worker_reports_and_sees_only_their_own(cast: Cast) -> None:
    mine = found(cast, by=cast.worker, source="self")
    found(cast)
    assert list(Hazard.objects.visible_to(cast.worker)) == [mine]
    assert not Hazard.objects.visible_to(cast.other_worker).exists()


@pytest.mark.parametrize(
    ("who", "sees"),
    [("grid", True), ("town", True), ("county", True), ("province", True), ("manager", True), ("other_grid", False), ("other_county", False),
     ("other_boss", False), ("other_agency", False), ("association", False), ("auditor", False), ("teacher", False)],
)  # fmt: skip
def test_who_sees_a_hazard(cast: Cast, who: str, sees: bool) -> None:
    hazard = found(cast)
    user: User = cast.people[who]
    assert Hazard.objects.visible_to(user).filter(pk=hazard.pk).exists() is sees


def test_a_re_inspection_by_others_weighs_on_the_agency_and_its_own_does_not(cast: Cast) -> None:
    mandate(cast, "anhe")
    for passer, expected in ((cast.grid, (1, 0)), (cast.engineer, (1, 0))):
        hazard = cured(cast, by=cast.manager, source="agency")
        Hazard.objects.filter(pk=hazard.pk).update(found_for=cast.anhe)
        hazard.refresh_from_db()
        actions.pass_hazard(hazard, by=passer)
        assert rechecks(cast.anhe.pk) == expected
    helped = cured(cast, by=cast.manager)
    Hazard.objects.filter(pk=helped.pk).update(helper=cast.anhe)
    helped.refresh_from_db()
    actions.fail_hazard(helped, by=cast.grid, words="还堵着")
    assert rechecks(cast.anhe.pk) == (1, 1)
