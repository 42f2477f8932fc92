import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.enterprises import tasks
from anlan.enterprises.actions import (
    check_roster,
    import_roster,
    importing,
    leave_worker,
    revert_roster,
    start_roster,
    undo_roster,
    upload_roster,
)
from anlan.enterprises.models import Enterprise, Roster, RosterChange, Worker
from anlan.enterprises.roster_making import person
from anlan.files.actions import open_blob
from anlan.lib.codes import demo_id_number, demo_phone
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows, write_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta

SignIn = Callable[[User], Client]
HEAD: list[object] = ["姓名", "身份证号", "手机号", "岗位", "部门"]


def book(rows: list[list[object]], name: str = "花名册.xlsx") -> io.BytesIO:
    file = io.BytesIO()
    write_rows(file, {"人员": rows})
    file.seek(0)
    file.name = name
    return file


def row(n: int, job: str = "锻造工", **other: object) -> list[object]:
    name, number, phone = person(n, 5)
    return [
        other.get("name", name),
        other.get("number", number),
        other.get("phone", phone),
        job,
        other.get("department", "锻造车间"),
    ]


def bring(firm: Enterprise, by: User, rows: list[list[object]]) -> Roster:
    """Upload, check, confirm and import."""
    roster = upload_roster(firm, book([HEAD, *rows]), "花名册.xlsx", by=by)
    check_roster(roster.pk)
    roster.refresh_from_db()
    start_roster(roster, by=by)
    import_roster(roster.pk)
    roster.refresh_from_db()
    return roster


def workers(firm: Enterprise) -> int:
    return Worker.objects.working().filter(enterprise=firm).count()


def tallied() -> int:
    return sum(Delta.objects.filter(measure="workers").values_list("amount", flat=True))


def test_a_roster_makes_people_jobs_and_posts_counts_them_and_tells_who_started_it(cast: Cast) -> None:
    firm, before = cast.enterprise("forge"), workers(cast.enterprise("forge"))
    roster = bring(firm, cast.manager, [row(1), row(2), row(3, number="", name="王芳")])
    assert (roster.state, roster.created, roster.refused, roster.rows_done) == ("done", 3, 0, 3)
    assert workers(firm) == before + 3 and tallied() == 3
    name, number, phone = person(1, 5)
    user = User.objects.by_phone(phone)
    assert user is not None and (user.name, user.id_number, user.is_demo) == (name, number, True)
    assert not user.has_usable_password()
    assert Post.objects.get(user=user).title == "锻造工" and Post.objects.get(user=user).role_id == "worker"
    assert Notice.objects.get(user=cast.manager).url == reverse("enterprises:roster", args=[roster.pk])
    assert Record.objects.filter(verb="import_roster", subject_id=str(roster.pk)).exists()
    assert roster.preview_text == ""


def test_the_preview_forecasts_and_writes_nobody(cast: Cast) -> None:
    firm, before = cast.enterprise("forge"), User.objects.count()
    bring(firm, cast.manager, [row(1), row(2)])
    roster = upload_roster(
        firm, book([HEAD, row(1), row(2, "叉车工"), row(3), row(4, number="123")]), "a.xlsx", by=cast.manager
    )
    check_roster(roster.pk)
    roster.refresh_from_db()
    assert (roster.created, roster.updated, roster.unchanged, roster.refused) == (1, 1, 1, 1)
    assert roster.state == "read" and User.objects.count() == before + 2
    assert roster.problems.get().row == 5 and "18 位" in roster.problems.get().reason


def test_the_same_roster_again_changes_nothing(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1), row(2)])
    again = bring(firm, cast.manager, [row(1), row(2)])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert tallied() == 2


def test_blank_cells_never_erase_and_new_words_replace(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1)])
    bring(firm, cast.manager, [row(1, "行车工", department="")])
    worker = Worker.objects.get(user__name=person(1, 5)[0])
    assert (worker.job_title, worker.department) == ("行车工", "锻造车间")
    assert Post.objects.get(user=worker.user).title == "行车工"


def test_one_person_in_two_firms_is_one_user_with_two_jobs(cast: Cast) -> None:
    bring(cast.enterprise("forge"), cast.manager, [row(1)])
    count = User.objects.count()
    roster = bring(cast.enterprise("bakery"), cast.other_boss, [row(1, "面点工")])
    assert roster.created == 1 and User.objects.count() == count
    user = User.objects.by_phone(person(1, 5)[2])
    assert user is not None and user.jobs.count() == 2 and user.posts.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "赵六六"}, "登记的姓名是"),
        ({"phone": demo_phone(8)}, "另一个人（李*强）名下"),
        ({"number": demo_id_number("410105", date(1991, 1, 1), 5)}, "另一个人"),
        ({"number": "", "name": "赵六六"}, "手机号登记的姓名是"),
    ],
)
def test_numbers_of_somebody_else_refuse_the_row_and_say_why(
    cast: Cast, changes: dict[str, object], words: str
) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1)])
    roster = bring(firm, cast.manager, [row(1, **changes)])
    assert roster.refused == 1 and words in roster.problems.get().reason


def test_a_firm_cannot_take_over_an_account_by_giving_another_phone(cast: Cast) -> None:
    phone = demo_phone(777)
    number = cast.worker.id_number
    roster = bring(cast.enterprise("bakery"), cast.other_boss, [[cast.worker.name, number, phone, "面点工", ""]])
    assert roster.created == 1
    note = roster.problems.get()
    assert not note.refused and "没有改动" in note.reason
    cast.worker.refresh_from_db()
    assert cast.worker.phone != phone and User.objects.by_phone(phone) is None


def test_a_wrong_phone_that_the_firm_itself_brought_is_corrected_and_undo_puts_it_back(cast: Cast) -> None:
    firm, new = cast.enterprise("forge"), demo_phone(778)
    bring(firm, cast.manager, [row(1)])
    roster = bring(firm, cast.manager, [row(1, phone=new)])
    assert roster.updated == 1 and User.objects.by_phone(new) is not None
    assert new not in str(RosterChange.objects.get(roster=roster).before)
    undo_roster(roster, by=cast.manager)
    revert_roster(roster.pk)
    assert User.objects.by_phone(new) is None and User.objects.by_phone(person(1, 5)[2]) is not None


def test_two_rows_of_one_person_by_different_numbers_are_taken_once(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1)])
    roster = bring(firm, cast.manager, [row(1, "叉车工", phone=""), row(1, "电工", number="")])
    assert roster.updated == 1 and "与第 2 行是同一个人" in roster.problems.get().reason


def test_a_worker_who_left_and_comes_back_gets_a_new_job(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1)])
    leave_worker(Worker.objects.get(user__name=person(1, 5)[0]), by=cast.manager)
    assert bring(firm, cast.manager, [row(1)]).created == 1
    assert Worker.objects.filter(user__name=person(1, 5)[0]).count() == 2


def test_a_process_that_dies_between_batches_is_gone_on_from_where_it_stood(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, before = cast.enterprise("forge"), workers(cast.enterprise("forge"))
    monkeypatch.setattr(importing, "BATCH", 10)
    rows = [row(n) for n in range(34)] + [row(40, number="1")]
    roster = upload_roster(firm, book([HEAD, *rows]), "a.xlsx", by=cast.manager)
    check_roster(roster.pk)
    roster.refresh_from_db()
    start_roster(roster, by=cast.manager)
    roster.refresh_from_db()
    items = importing.lines_of(roster, roster.file_rows())
    assert importing._one_batch(roster, items) and importing._one_batch(roster, items)
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # killed inside the third batch: nothing of it stays
        importing._write(roster, items[20:30], 20)
        raise ZeroDivisionError
    assert workers(firm) == before + 20
    fresh = Roster.objects.get(pk=roster.pk)
    assert (fresh.rows_done, fresh.created, fresh.state) == (20, 20, "running")
    assert tasks.requeue_dead_rosters() == 0  # still alive, as far as one knows
    Roster.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert tasks.requeue_dead_rosters() == 1 and tasks.requeue_dead_rosters() == 0
    tasks.work_on_roster.func(roster.pk)
    roster.refresh_from_db()
    assert (roster.state, roster.created, roster.refused) == ("done", 34, 1)
    assert workers(firm) == before + 34 and tallied() == 34


def test_a_process_that_was_overtaken_stops_without_writing_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    firm, before = cast.enterprise("forge"), workers(cast.enterprise("forge"))
    monkeypatch.setattr(importing, "BATCH", 5)
    roster = upload_roster(firm, book([HEAD, *[row(n) for n in range(12)]]), "a.xlsx", by=cast.manager)
    check_roster(roster.pk)
    roster.refresh_from_db()
    start_roster(roster, by=cast.manager)
    slow = Roster.objects.get(pk=roster.pk)
    items = importing.lines_of(slow, slow.file_rows())
    import_roster(roster.pk)
    assert importing._one_batch(slow, items) is False
    assert workers(firm) == before + 12


def test_two_rosters_of_a_firm_are_not_written_at_once(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    first, second = (upload_roster(firm, book([HEAD, row(n)]), f"{n}.xlsx", by=cast.manager) for n in (1, 2))
    for roster in (first, second):
        check_roster(roster.pk)
        roster.refresh_from_db()
    start_roster(first, by=cast.manager)
    with pytest.raises(Refused, match="另一份花名册正在处理") as caught:
        start_roster(second, by=cast.manager)
    assert caught.value.status == 409
    import_roster(first.pk)
    start_roster(second, by=cast.manager)


def test_undo_takes_everything_back_that_was_not_used(cast: Cast) -> None:
    firm, people, jobs = cast.enterprise("forge"), User.objects.count(), Worker.objects.count()
    bring(firm, cast.manager, [row(1)])
    roster = bring(firm, cast.manager, [row(1, "叉车工"), row(2), row(3)])
    undo_roster(roster, by=cast.manager)
    revert_roster(roster.pk)
    roster.refresh_from_db()
    assert (roster.state, roster.kept) == ("undone", 0)
    assert User.objects.count() == people + 1 and Worker.objects.count() == jobs + 1 and tallied() == 1
    assert Worker.objects.get(user__name=person(1, 5)[0]).job_title == "锻造工"
    assert Record.objects.filter(verb="revert_roster").exists()


def test_undo_keeps_whoever_holds_a_certificate_since_and_says_so(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    roster = bring(firm, cast.manager, [row(1), row(2)])
    user = User.objects.by_phone(person(1, 5)[2])
    assert user is not None
    certificate = apps.get_model("certificates", "Certificate")  # of an app above: named, not imported
    certificate._default_manager.create(user=user, **_needed(certificate, {"user": user}))
    undo_roster(roster, by=cast.manager)
    revert_roster(roster.pk)
    roster.refresh_from_db()
    assert roster.kept == 1
    assert Worker.objects.filter(user=user, enterprise=firm).exists()
    assert (
        "1 人导入后已经开始学习"
        in sign_in(cast.manager).get(reverse("enterprises:roster", args=[roster.pk])).content.decode()
    )


def _needed(model: type, given: dict[str, object]) -> dict[str, object]:
    """Plain values for fields of another app's model that must not be null, whatever they are called."""
    needed: dict[str, object] = {}
    for field in model._meta.fields:  # type: ignore[attr-defined]
        if (
            field.name in given
            or field.primary_key
            or field.null
            or field.has_default()
            or getattr(field, "auto_now_add", False)
        ):
            continue
        kind = field.get_internal_type()
        if kind in ("DateField",):
            needed[field.name] = timezone.localdate()
        elif kind in ("DateTimeField",):
            needed[field.name] = timezone.now()
        elif "Integer" in kind or kind in ("DecimalField", "FloatField"):
            needed[field.name] = 1
    return needed


def test_undo_leaves_later_corrections_alone(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(1)])
    roster = bring(firm, cast.manager, [row(1, "叉车工")])
    Worker.objects.filter(user__name=person(1, 5)[0]).update(job_title="电工")
    undo_roster(roster, by=cast.manager)
    revert_roster(roster.pk)
    assert Worker.objects.get(user__name=person(1, 5)[0]).job_title == "电工"


def test_undo_is_refused_after_a_month(cast: Cast) -> None:
    roster = bring(cast.enterprise("forge"), cast.manager, [row(1)])
    Roster.objects.update(finished_at=timezone.now() - timedelta(days=31))
    roster.refresh_from_db()
    with pytest.raises(Refused, match="超过 30 天"):
        undo_roster(roster, by=cast.manager)


def test_the_refused_rows_come_back_as_a_file_that_can_be_corrected_and_sent_again(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    bad = row(3)
    roster = bring(firm, cast.manager, [row(1), [bad[0], str(bad[1])[:-1], *bad[2:]], row(4, name="")])
    answer = client.get(reverse("enterprises:roster-errors", args=[roster.pk]))
    table = list(read_rows(io.BytesIO(b"".join(answer.streaming_content)), "x.xlsx"))  # type: ignore[attr-defined]
    assert table[0] == [*HEAD, "原因"] and len(table) == 3
    assert "18 位" in str(table[1][-1]) and table[1][0] == bad[0]
    table[1][1], table[2][0] = bad[1], "孙小美"
    again = upload_roster(firm, book(table), "改好.xlsx", by=cast.manager)
    check_roster(again.pk)
    again.refresh_from_db()
    assert (again.created, again.refused) == (2, 0)
    assert roster.errors_file is not None
    with open_blob(roster.errors_file) as stored:
        assert stored.read(2) == b"PK"


def test_the_pages_lead_from_upload_through_preview_to_the_end_without_script(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    file = book([["花名册", "", "", "", ""], HEAD, row(1), row(2, number="12")])
    answer = client.post(reverse("enterprises:rosters"), {"file": file}, follow=True)
    page = answer.content.decode()
    roster = Roster.objects.get()
    assert "1 人读好了，1 行有问题" in page and "表头在第 2 行" in page and "导入这 1 人" in page
    assert client.post(reverse("enterprises:roster-step", args=[roster.pk, "start"])).status_code == 302
    roster.refresh_from_db()
    assert roster.state == "running"
    progress = client.get(reverse("enterprises:roster-progress", args=[roster.pk]))
    assert 'hx-trigger="every 1s"' in progress.content.decode()
    tasks.work_on_roster.func(roster.pk)
    assert client.get(reverse("enterprises:roster-progress", args=[roster.pk]))["HX-Refresh"] == "true"
    assert "下载这 1 行，改好再传" in client.get(reverse("enterprises:roster", args=[roster.pk])).content.decode()
    assert client.post(reverse("enterprises:roster-step", args=[roster.pk, "start"])).status_code == 409


def test_columns_can_be_corrected_and_are_checked_again(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    name, _number, phone = person(1, 5)
    file = book([["甲", "乙", "丙"], ["x", name, phone], ["y", person(2, 5)[0], person(2, 5)[2]]])
    client.post(reverse("enterprises:rosters"), {"file": file})
    roster = Roster.objects.get()
    url = reverse("enterprises:roster-columns", args=[roster.pk])
    assert client.post(url, {"column-1": "name", "header_row": "1"}).status_code == 422
    assert client.post(url, {"column-1": "name", "column-2": "name", "header_row": "1"}).status_code == 422
    assert client.post(url, {"column-1": "name", "column-2": "phone", "header_row": "99"}).status_code == 422
    client.post(url, {"column-1": "name", "column-2": "phone", "header_row": "1"})
    roster.refresh_from_db()
    assert roster.columns == {"name": 1, "phone": 2} and (roster.created, roster.state) == (2, "read")


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "空的"), (b"%PDF-1.7 \x00\x01", "不是表格"), ("姓名,手机号\n".encode(), "没有人员")]
)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_nothing_is_kept(
    cast: Cast, sign_in: SignIn, content: bytes, words: str
) -> None:
    file = io.BytesIO(content)
    file.name = "花名册.csv"
    answer = sign_in(cast.manager).post(reverse("enterprises:rosters"), {"file": file})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Roster.objects.exists()


def test_a_big_roster_is_checked_by_the_worker(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "INLINE_ROWS", 3)
    client = sign_in(cast.manager)
    client.post(reverse("enterprises:rosters"), {"file": book([HEAD, *[row(n) for n in range(6)]])})
    roster = Roster.objects.get()
    assert roster.state == "checking"
    assert "正在核对" in client.get(reverse("enterprises:roster", args=[roster.pk])).content.decode()
    tasks.work_on_roster.func(roster.pk)
    roster.refresh_from_db()
    assert (roster.state, roster.created) == ("read", 6)


def test_a_dropped_roster_writes_nobody_and_leaves_the_list(cast: Cast, sign_in: SignIn) -> None:
    client, people = sign_in(cast.manager), User.objects.count()
    client.post(reverse("enterprises:rosters"), {"file": book([HEAD, row(1)])})
    roster = Roster.objects.get()
    client.post(reverse("enterprises:roster-step", args=[roster.pk, "drop"]))
    assert User.objects.count() == people
    assert "花名册.xlsx" not in client.get(reverse("enterprises:rosters")).content.decode()


@pytest.mark.parametrize("who", ["other_boss", "worker", "county", "province", "auditor"])
def test_nobody_else_sees_or_moves_a_firms_roster(cast: Cast, sign_in: SignIn, who: str) -> None:
    roster = bring(cast.enterprise("forge"), cast.manager, [row(1), row(2, number="1")])
    client = sign_in(cast.people[who])
    for name in ("roster", "roster-progress", "roster-errors"):
        assert client.get(reverse(f"enterprises:{name}", args=[roster.pk])).status_code == 404
    assert client.post(reverse("enterprises:roster-step", args=[roster.pk, "undo"])).status_code == 404
    roster.refresh_from_db()
    assert roster.state == "done"


def test_steps_are_posts_and_unknown_steps_do_not_exist(cast: Cast, sign_in: SignIn) -> None:
    roster = bring(cast.enterprise("forge"), cast.manager, [row(1)])
    client = sign_in(cast.manager)
    assert client.get(reverse("enterprises:roster-step", args=[roster.pk, "undo"])).status_code == 405
    assert client.post(reverse("enterprises:roster-step", args=[roster.pk, "explode"])).status_code == 404


def test_the_template_reads_as_a_roster(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.manager).get(reverse("enterprises:roster-template"))
    content = io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    roster = upload_roster(cast.enterprise("forge"), content, "模板.xlsx", by=cast.manager)
    assert set(roster.columns) >= {"name", "id_number", "phone", "job_title", "hired_on", "category"}


def test_the_number_of_queries_does_not_grow_with_the_rows(
    cast: Cast, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for first, count in ((0, 2), (100, 200)):
        roster = upload_roster(
            cast.enterprise("forge"), book([HEAD, *[row(first + n) for n in range(count)]]), "a.xlsx", by=cast.manager
        )
        check_roster(roster.pk)
        roster.refresh_from_db()
        start_roster(roster, by=cast.manager)
        with django_assert_max_num_queries(42):  # type: ignore[attr-defined]
            import_roster(roster.pk)


def test_a_year_of_rosters_for_the_history_page_costs_the_same(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for n in range(4):
        bring(cast.enterprise("forge"), cast.manager, [row(n)])
    client = sign_in(cast.manager)
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        assert client.get(reverse("enterprises:rosters")).status_code == 200
