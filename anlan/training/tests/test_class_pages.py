"""The pages of classes: list, form, report, steps, plan."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Worker
from anlan.lib.xlsx import read_rows
from anlan.operations.demo.cast import Cast
from anlan.training.actions import classes
from anlan.training.models import ClassExport, Enrolment, HourEntry, TrainingClass
from anlan.training.selection import Selection
from anlan.training.tasks.classes import requeue_exports, write_export
from anlan.training.tests.making import hire, make_class, make_course, plan_for, seat

SignIn = Callable[[User], Client]


def form_for(course: object, **changes: object) -> dict[str, object]:
    until = timezone.localdate() + timedelta(days=30)
    return {
        "batch": str(uuid4()), "way": "all", "courses": [course.pk], "kind": "annual", "until": until.isoformat(),
        "hours": "", "title": "", "no_skipping": "on", "certificate": "on", "split": "one", **changes,
    }  # fmt: skip


# --- list -----------------------------------------------------------------------------------------


def test_the_list_has_its_views_with_counts(cast: Cast, sign_in: SignIn) -> None:
    make_class(cast, title="甲班")
    late = make_class(cast, title="乙班", selection=Selection("jobs", jobs=("总经理",)))
    TrainingClass.objects.filter(pk=late.pk).update(deadline=timezone.now() - timedelta(days=2))
    page = sign_in(cast.manager).get(reverse("training:classes"), {"tab": "late"})
    assert [tab["count"] for tab in page.context["tabs"]] == [2, 0, 1, 0]
    text = page.content.decode()
    assert "乙班" in text and "甲班" not in text and "逾期 2 天" in text


def test_the_list_shows_ones_own_firm_or_territory(cast: Cast, sign_in: SignIn) -> None:
    make_class(cast, title="精锻的班")
    url = reverse("training:classes")
    assert "精锻的班" in sign_in(cast.county).get(url).content.decode()
    assert "豫中精锻" in sign_in(cast.province).get(url).content.decode()
    for other in (cast.other_boss, cast.other_county, cast.other_city):
        assert "精锻的班" not in sign_in(other).get(url).content.decode()
    assert sign_in(cast.worker).get(url).status_code == 404


def test_the_list_costs_the_same_for_two_and_twenty(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("training:classes")
    make_class(cast)
    make_class(cast)
    client.get(url)
    with CaptureQueriesContext(connection) as two:
        client.get(url)
    course = plan_for(make_course(cast, "other"))
    TrainingClass.objects.bulk_create(
        TrainingClass(
            organisation=cast.forge, region_code=cast.forge.region_code, title=f"班 {n}", starts_on=course.starts_on,
            deadline=course.deadline, created_by=cast.manager,
        )
        for n in range(18)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as twenty:
        client.get(url)
    assert len(two) == len(twenty) <= 15


# --- making ---------------------------------------------------------------------------------------


def test_a_class_is_made_from_the_form(cast: Cast, sign_in: SignIn) -> None:
    course = make_course(cast)
    answer = sign_in(cast.manager).post(reverse("training:class-new"), form_for(course, hours="8"))
    one = TrainingClass.objects.get()
    assert answer.url == reverse("training:class", args=[one.pk])
    assert one.title == f"{timezone.localdate().year} 年度再培训"
    assert (one.hours, one.no_skipping, one.enrolments.count()) == (8, True, 3)
    assert timezone.localtime(one.deadline).date() == timezone.localdate() + timedelta(days=30)


def test_the_form_sent_twice_makes_one_class(cast: Cast, sign_in: SignIn) -> None:
    client, data = sign_in(cast.manager), form_for(make_course(cast))
    first = client.post(reverse("training:class-new"), data)
    second = client.post(reverse("training:class-new"), data)
    assert TrainingClass.objects.count() == 1
    assert first.url == second.url


def test_several_classes_lead_to_their_batch_which_can_be_taken_back(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    answer = client.post(reverse("training:class-new"), form_for(make_course(cast), split="department"))
    page = client.get(answer.url)
    assert "撤回这批班" in page.content.decode()
    batch = TrainingClass.objects.first().batch
    assert client.post(reverse("training:class-undo", args=[batch])).status_code == 302
    assert not TrainingClass.objects.filter(state="open").exists()


def test_looking_ahead_makes_nothing(cast: Cast, sign_in: SignIn) -> None:
    course = make_course(cast)
    client = sign_in(cast.manager)
    fragment = client.post(
        reverse("training:class-new"), form_for(course, step="preview"), headers={"HX-Request": "true"}
    )
    assert "会派给 3 人" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    page = client.post(reverse("training:class-new"), form_for(course, step="preview"))
    assert "会派给 3 人" in page.content.decode() and "<h1>" in page.content.decode()
    assert not TrainingClass.objects.exists()


def test_the_preview_names_who_has_the_course_already(cast: Cast, sign_in: SignIn) -> None:
    make_class(cast, selection=Selection("jobs", jobs=("叉车工",)))
    course = TrainingClass.objects.get().courses.get()
    page = sign_in(cast.manager).post(reverse("training:class-new"), form_for(course, step="preview"))
    assert "会派给 2 人" in page.content.decode() and "另有 1 人已经有这些课" in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"until": "2020-01-01"}, "已经过去"),
        ({"courses": []}, "还没有选课程"),
        ({"way": "departments"}, "还没有选部门"),
        ({"way": "picked", "names": ""}, "还没有点名"),
        ({"way": "picked", "names": "查无此人"}, "花名册里没有"),
        ({"way": "jobs", "jobs": ["潜水员"]}, "岗位"),
        ({"hours": "-1"}, "学时"),
    ],
)
def test_a_form_with_an_error_keeps_what_was_written(
    cast: Cast, sign_in: SignIn, changes: dict[str, object], words: str
) -> None:
    page = sign_in(cast.manager).post(
        reverse("training:class-new"), form_for(make_course(cast), title="我写的班名", **changes)
    )
    assert page.status_code == 200 and not TrainingClass.objects.exists()
    assert words in page.content.decode() and "我写的班名" in page.content.decode()


def test_people_are_picked_by_name_number_or_address(cast: Cast, sign_in: SignIn) -> None:
    client, course = sign_in(cast.manager), make_course(cast)
    worker = Worker.objects.get(user=cast.worker)
    Worker.objects.filter(user=cast.boss).update(staff_number="A-1")
    assert "李国强" in client.get(reverse("training:class-new"), {"workers": str(worker.pk)}).content.decode()
    stranger = Worker.objects.get(user=cast.other_worker)
    client.post(
        reverse("training:class-new"),
        form_for(course, way="picked", workers=f"{worker.pk},{stranger.pk}", names="周敏，A-1"),
    )
    assert set(Enrolment.objects.values_list("user__name", flat=True)) == {"李国强", "周敏", "吴建国"}


def test_courses_are_proposed_with_their_reason(cast: Cast, sign_in: SignIn) -> None:
    make_course(cast, "far", title="一号课")
    make_course(cast, "near", title="叉车课", industries=["C33"], job_titles=["叉车"])
    page = sign_in(cast.manager).get(reverse("training:class-new"))
    first = page.context["proposals"][0]
    assert first.course.title == "叉车课"
    assert [str(reason) for reason in first.reasons] == ["本行业 C33 需要", "对口岗位：叉车工 1"]


def test_the_annual_plan_proposes_a_set(cast: Cast, sign_in: SignIn) -> None:
    course = make_course(cast, industries=["C33"])
    page = sign_in(cast.manager).get(reverse("training:class-new"), {"set": "annual"})
    assert page.context["chosen"] == {str(course.pk)}


def test_a_regulator_makes_classes_by_condition(cast: Cast, sign_in: SignIn) -> None:
    course = make_course(cast)
    client = sign_in(cast.county)
    page = client.get(reverse("training:class-new")).content.decode()
    assert "哪些企业" in page
    answer = client.post(
        reverse("training:class-new"), form_for(course, region="410105018", industry="", enterprises="")
    )
    one = TrainingClass.objects.get()
    assert (one.organisation_id, one.given_by) == (cast.forge.pk, "金水区")
    assert answer.url == reverse("training:class", args=[one.pk])


@pytest.mark.parametrize(("who", "status"), [("worker", 404), ("teacher", 403), ("operator", 404)])
def test_who_has_no_power_has_no_form(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get(reverse("training:class-new")).status_code == status
    assert client.post(reverse("training:class-new"), form_for(make_course(cast))).status_code == status
    assert not TrainingClass.objects.exists()


# --- report ---------------------------------------------------------------------------------------


def test_the_report_shows_everyone_and_what_to_do(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    Enrolment.objects.filter(user=cast.worker).update(state="learnt", lessons_done=2, learnt_at=timezone.now())
    text = sign_in(cast.manager).get(reverse("training:class", args=[one.pk])).content.decode()
    assert "3 人中 1 人学完" in text and "催学 2 人" in text
    assert "李国强" in text and "待考试" in text and "叉车工" in text


def test_the_report_is_filtered_by_state_and_name(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    Enrolment.objects.filter(user=cast.worker).update(state="learning")
    client, url = sign_in(cast.manager), reverse("training:class", args=[one.pk])
    learning = client.get(url, {"state": "learning"}).content.decode()
    assert "李国强" in learning and "吴建国" not in learning
    assert client.get(url, {"q": "吴建"}).context["page"].paginator.count == 1


def test_the_report_costs_the_same_for_few_and_many(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    small = make_class(cast)
    hire(cast.enterprise("forge"), 150)
    big = make_class(cast, title="大班")
    assert big.enrolments.count() == 153
    client.get(reverse("training:class", args=[small.pk]))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("training:class", args=[small.pk]))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("training:class", args=[big.pk]))
    assert len(few) == len(many) <= 15


@pytest.mark.parametrize("who", ["other_boss", "other_county", "other_city", "far_worker", "operator"])
def test_outsiders_do_not_find_the_class(cast: Cast, sign_in: SignIn, who: str) -> None:
    one = make_class(cast)
    client = sign_in(getattr(cast, who))
    for name in ("class", "class-print"):
        assert client.get(reverse(f"training:{name}", args=[one.pk])).status_code == 404
    for name in ("class-people", "class-enrol", "class-extend", "class-export"):
        assert client.post(reverse(f"training:{name}", args=[one.pk])).status_code == 404
    for step in ("close", "cancel", "reopen"):
        url = reverse("training:class-step", args=[one.pk, step])
        assert client.post(url, {"version": 1}).status_code == 404


def test_a_learner_is_led_to_their_own_page(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    answer = sign_in(cast.worker).get(reverse("training:class", args=[one.pk]))
    assert answer.url == reverse("training:mine")
    assert sign_in(cast.worker).post(reverse("training:class-export", args=[one.pk])).status_code == 404


def test_regulators_read_and_change_nothing(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    row = seat(one, cast.worker)
    client = sign_in(cast.county)
    page = client.get(reverse("training:class", args=[one.pk])).content.decode()
    assert "李国强" in page and "催学" not in page.split("<tbody>")[0].split("</thead>")[0].replace(">催学</th>", "")
    posts = [
        ("class-people", {"do": "remind_all"}), ("class-people", {"do": "withdraw", "ids": [row.pk], "reason": "x"}),
        ("class-enrol", {"names": "周敏"}),
        ("class-extend", {"version": 1, "until": (timezone.localdate() + timedelta(days=99)).isoformat()}),
    ]  # fmt: skip
    for name, data in posts:
        assert client.post(reverse(f"training:{name}", args=[one.pk]), data).status_code == 403
    assert client.post(reverse("training:class-step", args=[one.pk, "close"]), {"version": 1}).status_code == 403
    row.refresh_from_db()
    assert row.state == "assigned"


def test_every_step_wants_a_post(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    client = sign_in(cast.manager)
    for name in ("class-people", "class-enrol", "class-extend", "class-export"):
        assert client.get(reverse(f"training:{name}", args=[one.pk])).status_code == 405
    assert client.post(reverse("training:class", args=[one.pk])).status_code == 405
    assert client.post(reverse("training:class-step", args=[one.pk, "burn"]), {"version": 1}).status_code == 404


def test_people_are_reminded_withdrawn_and_brought_back(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    row = seat(one, cast.worker)
    client, url = sign_in(cast.manager), reverse("training:class-people", args=[one.pk])
    assert client.post(url, {"do": "remind", "ids": [row.pk]}).status_code == 302
    assert client.post(url, {"do": "remind", "ids": [row.pk]}).status_code == 429
    assert client.post(url, {"do": "remind"}).status_code == 422
    assert client.post(url, {"do": "withdraw", "ids": [row.pk], "reason": ""}).status_code == 422
    client.post(url, {"do": "withdraw", "ids": [row.pk], "reason": "已离职"})
    page = client.get(reverse("training:class", args=[one.pk]), {"state": "withdrawn"}).content.decode()
    assert "李国强" in page and "恢复" in page and "已离职" in page
    client.post(url, {"do": "restore", "ids": [row.pk]})
    row.refresh_from_db()
    assert row.state == "assigned"


def test_enrolments_of_another_class_are_not_touched(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast, selection=Selection("jobs", jobs=("叉车工",)))
    course = plan_for(make_course(cast, "b"))
    make_class(cast, by=cast.other_boss, title=course.title)
    foreign = Enrolment.objects.get(user=cast.other_worker)
    answer = sign_in(cast.manager).post(
        reverse("training:class-people", args=[one.pk]), {"do": "withdraw", "ids": [foreign.pk], "reason": "x"}
    )
    foreign.refresh_from_db()
    assert answer.status_code == 409 and foreign.state == "assigned"


def test_people_are_added_by_name(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast, selection=Selection("jobs", jobs=("叉车工",)))
    client, url = sign_in(cast.manager), reverse("training:class-enrol", args=[one.pk])
    assert client.post(url, {"names": "周敏"}).status_code == 302
    assert client.post(url, {"names": "田小雨"}).status_code == 422
    assert set(one.enrolments.values_list("user__name", flat=True)) == {"李国强", "周敏"}


def test_a_class_is_extended_closed_and_reopened_from_its_page(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    client = sign_in(cast.manager)
    until = timezone.localdate() + timedelta(days=60)
    client.post(reverse("training:class-extend", args=[one.pk]), {"version": 1, "until": until.isoformat()})
    assert client.post(reverse("training:class-step", args=[one.pk, "close"]), {"version": 1}).status_code == 409
    client.post(reverse("training:class-step", args=[one.pk, "close"]), {"version": 2})
    one.refresh_from_db()
    assert one.state == "closed" and timezone.localdate(one.deadline) == until
    assert "重新打开" in client.get(reverse("training:class", args=[one.pk])).content.decode()
    client.post(reverse("training:class-step", args=[one.pk, "reopen"]), {"version": 3})
    one.refresh_from_db()
    assert one.state == "open"


# --- taking it away -------------------------------------------------------------------------------


def test_the_report_is_exported_and_printed(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    client = sign_in(cast.county)
    answer = client.post(reverse("training:class-export", args=[one.pk]))
    rows = [list(row) for row in read_rows(io.BytesIO(b"".join(answer.streaming_content)), "a.xlsx")]
    assert rows[0][0] == "姓名" and {row[0] for row in rows[1:]} == {"吴建国", "周敏", "李国强"}
    assert "本人签字" in client.get(reverse("training:class-print", args=[one.pk])).content.decode()


def test_a_long_report_is_written_in_the_background(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_class(cast)
    monkeypatch.setattr("anlan.training.views.classes.DIRECT_ROWS", 2)
    client = sign_in(cast.manager)
    assert client.post(reverse("training:class-export", args=[one.pk])).status_code == 302
    export = ClassExport.objects.get()
    assert "正在生成报表" in client.get(reverse("training:class", args=[one.pk])).content.decode()
    write_export.func(export.pk)
    export.refresh_from_db()
    assert export.state == "done" and export.rows == 3
    file = client.get(reverse("training:class-file", args=[export.pk]))
    assert next(iter(read_rows(io.BytesIO(b"".join(file.streaming_content)), "a.xlsx")))[0] == "姓名"
    for other in (cast.boss, cast.other_boss, cast.county):
        assert sign_in(other).get(reverse("training:class-file", args=[export.pk])).status_code == 404


def test_a_report_whose_writer_died_is_started_again(cast: Cast) -> None:
    one = make_class(cast)
    export = classes.ask_export(one, by=cast.manager, rows=3)
    now = timezone.now()
    ClassExport.objects.filter(pk=export.pk).update(state="running", beat_at=now)
    write_export.func(export.pk)
    export.refresh_from_db()
    assert export.state == "running" and export.file is None
    assert requeue_exports(now) == 0
    assert requeue_exports(now + timedelta(minutes=11)) == 1


# --- plan -----------------------------------------------------------------------------------------


def test_the_plan_says_what_is_asked_earned_and_missing(cast: Cast, sign_in: SignIn) -> None:
    lesson = make_course(cast).lessons.first()
    now = timezone.now()
    HourEntry.objects.create(
        user=cast.worker, lesson=lesson, enterprise_id=cast.forge.pk, day=timezone.localdate(), from_at=now, to_at=now,
        covered_ms=0, credited_ms=24 * 3_600_000,
    )  # fmt: skip
    page = sign_in(cast.manager).get(reverse("training:plan"))
    groups = {group.key: group for group in page.context["groups"]}
    other = groups["other"]
    assert (other.people, other.lacking, other.asked[0].hours) == (1, 0, 24)
    assert other.asked[0].trust == "P" and other.national and all(rule.trust != "P" for rule in other.national)
    assert groups["head"].lacking == 1
    assert "还有 2 人学时没满" in page.content.decode() and "二手来源，待核对" in page.content.decode()


def test_hours_of_another_year_or_firm_do_not_count(cast: Cast, sign_in: SignIn) -> None:
    lesson = make_course(cast).lessons.first()
    now = timezone.now()
    last_year = date(timezone.localdate().year - 1, 6, 1)
    for firm, day in ((cast.forge.pk, last_year), (cast.bakery.pk, timezone.localdate())):
        HourEntry.objects.create(
            user=cast.worker, lesson=lesson, enterprise_id=firm, day=day, from_at=now, to_at=now, covered_ms=0,
            credited_ms=99 * 3_600_000,
        )  # fmt: skip
    page = sign_in(cast.manager).get(reverse("training:plan"))
    assert page.context["lacking"] == 3 and page.context["earned_ms"] == 0


def test_new_people_owe_the_initial_training(cast: Cast, sign_in: SignIn) -> None:
    hire(cast.enterprise("forge"), 2, hired_on=timezone.localdate())
    page = sign_in(cast.manager).get(reverse("training:plan"))
    new = next(group for group in page.context["groups"] if group.key == "new")
    assert (new.people, new.lacking, new.asked[0].hours) == (2, 2, 72)
    assert "way=newcomers" in page.content.decode()


def test_the_plan_of_a_firm_is_for_its_managers_and_regulators(cast: Cast, sign_in: SignIn) -> None:
    url = reverse("training:plan-of", args=[cast.forge.pk])
    assert sign_in(cast.county).get(url).status_code == 200
    assert "建班" not in sign_in(cast.county).get(url).content.decode().split('id="main"')[1]
    for other in (cast.other_boss, cast.other_county, cast.worker):
        assert sign_in(other).get(url).status_code == 404
    assert sign_in(cast.county).get(reverse("training:plan")).status_code == 404


def test_the_plan_costs_the_same_for_few_and_many(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("training:plan")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    hire(cast.enterprise("forge"), 60)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(few) == len(many) <= 12


def test_two_people_see_the_same_report_with_a_form_token_of_their_own(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    url = reverse("training:class", args=[one.pk])
    tokens = {}
    for who in (cast.manager, cast.boss):
        client = Client(enforce_csrf_checks=True)
        client.cookies = sign_in(who).cookies
        text = client.get(url).content.decode()
        found = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text.split('id="main"')[1]))
        tokens[who.pk] = (client, found.pop())
    (first, mine), (_second, theirs) = tokens.values()
    act = reverse("training:class-people", args=[one.pk])
    assert first.post(act, {"do": "remind_all", "csrfmiddlewaretoken": theirs}).status_code == 403
    assert first.post(act, {"do": "remind_all", "csrfmiddlewaretoken": mine}).status_code == 302


def test_the_report_shows_a_change_at_once(cast: Cast, sign_in: SignIn) -> None:
    one = make_class(cast)
    client, url = sign_in(cast.manager), reverse("training:class", args=[one.pk])
    assert "1/2" not in client.get(url).content.decode()
    Enrolment.objects.filter(user=cast.worker).update(lessons_done=1)
    assert "1/2" in client.get(url).content.decode()
    User.objects.filter(pk=cast.worker.pk).update(name="李国伟")
    assert "李国伟" in client.get(url).content.decode()
