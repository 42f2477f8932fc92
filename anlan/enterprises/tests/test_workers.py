from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.enterprises.actions.workforce import plan_lines, take_on
from anlan.enterprises.models import Worker
from anlan.enterprises.roster_making import person
from anlan.enterprises.roster_reading import Line
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta

SignIn = Callable[[User], Client]
NAME, NUMBER, PHONE = person(1, 6)
GOOD = {
    "name": NAME,
    "id_number": NUMBER,
    "phone": PHONE,
    "job_title": "电工",
    "department": "设备部",
    "category": "special",
    "hired_on": "2024-03-01",
}


def hire(cast: Cast, count: int, start: int = 0) -> None:
    lines = [
        Line(n + 1, *person(start + n, 6), job_title="电工" if n % 2 else "焊工", department="设备部")
        for n in range(count)
    ]
    take_on(cast.enterprise("forge"), plan_lines(cast.enterprise("forge"), lines))


def forge_worker(cast: Cast) -> Worker:
    return Worker.objects.get(user=cast.worker, enterprise=cast.enterprise("forge"))


def test_one_person_is_taken_on_by_hand_with_post_count_and_record(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.manager).post(reverse("enterprises:worker-new"), GOOD)
    worker = Worker.objects.get(user__name=NAME)
    assert answer.headers["Location"] == reverse("enterprises:worker", args=[worker.pk])
    assert (worker.user.phone, worker.user.id_number, worker.category) == (PHONE, NUMBER, "special")
    assert Post.objects.filter(user=worker.user, role_id="worker", organisation=cast.forge, until=None).exists()
    assert Delta.objects.get(measure="workers").amount == 1
    assert Record.objects.filter(verb="add_worker", subject_id=str(worker.pk), actor_id=cast.manager.pk).exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "这个字段是必"), ({"name": "张三😀"}, "不能用的字符"), ({"id_number": "123"}, "18 位"), ({"phone": "12"}, "11 位"),
        ({"id_number": "", "phone": ""}, "至少填一个"), ({"hired_on": "2099-01-01"}, "还没有到"), ({"phone": demo_phone(8)}, "另一个人"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    cast: Cast, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    count = User.objects.count()
    answer = sign_in(cast.manager).post(reverse("enterprises:worker-new"), GOOD | changes)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page and 'value="设备部"' in page
    assert User.objects.count() == count


def test_a_second_press_does_not_make_a_second_worker(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert client.post(reverse("enterprises:worker-new"), GOOD).status_code == 302
    again = client.post(reverse("enterprises:worker-new"), GOOD)
    assert again.status_code == 422 and "已经在名单里" in again.content.decode()
    assert Worker.objects.filter(user__name=NAME).count() == 1


def test_a_worker_of_another_firm_can_be_taken_on_here_too(cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.manager).post(reverse("enterprises:worker-new"), GOOD)
    sign_in(cast.other_boss).post(reverse("enterprises:worker-new"), GOOD)
    user = User.objects.by_phone(PHONE)
    assert user is not None and user.jobs.count() == 2
    page = (
        sign_in(cast.manager).get(reverse("enterprises:worker", args=[user.jobs.order_by("pk")[0].pk])).content.decode()
    )
    assert "同时在另一家企业任职" in page and "禾香源" not in page


@pytest.mark.parametrize("who", ["other_boss", "far_worker", "other_worker", "auditor", "other_county", "other_city"])
def test_a_worker_of_another_firm_or_county_is_not_found(cast: Cast, sign_in: SignIn, who: str) -> None:
    client, pk = sign_in(cast.people[who]), forge_worker(cast).pk
    assert client.get(reverse("enterprises:worker", args=[pk])).status_code == 404
    assert client.get(reverse("enterprises:worker-edit", args=[pk])).status_code == 404
    for name in ("worker-leave", "worker-return", "worker-number"):
        assert client.post(reverse(f"enterprises:{name}", args=[pk])).status_code == 404
    assert Worker.objects.working().filter(pk=pk).exists()


@pytest.mark.parametrize("who", ["county", "grid"])
def test_regulators_look_but_do_not_write(cast: Cast, sign_in: SignIn, who: str) -> None:
    client, pk = sign_in(cast.people[who]), forge_worker(cast).pk
    page = client.get(reverse("enterprises:worker", args=[pk])).content.decode()
    assert "李国强" in page and "标为离职" not in page and cast.worker.phone not in page
    assert client.get(reverse("enterprises:workers")).status_code == 404
    assert client.post(reverse("enterprises:worker-leave", args=[pk])).status_code == 404


def test_numbers_are_masked_and_every_full_look_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    client, worker = sign_in(cast.manager), forge_worker(cast)
    page = client.get(reverse("enterprises:worker", args=[worker.pk])).content.decode()
    assert cast.worker.phone not in page and cast.worker.id_number not in page and cast.worker.phone_masked in page
    shown = client.post(
        reverse("enterprises:worker-number", args=[worker.pk]), {"field": "id_number"}, headers={"HX-Request": "true"}
    )
    assert cast.worker.id_number in shown.content.decode() and "<html" not in shown.content.decode()
    plain = client.post(reverse("enterprises:worker-number", args=[worker.pk]), {"field": "phone"})
    assert cast.worker.phone in plain.content.decode() and "<html" in plain.content.decode()
    assert Record.objects.filter(verb="reveal", subject_id=str(cast.worker.pk), actor_id=cast.manager.pk).count() == 2
    assert client.get(reverse("enterprises:worker-number", args=[worker.pk])).status_code == 405


def test_leaving_closes_the_post_and_coming_back_opens_one(cast: Cast, sign_in: SignIn) -> None:
    client, worker = sign_in(cast.manager), forge_worker(cast)
    client.post(reverse("enterprises:worker-leave", args=[worker.pk]))
    assert not Post.objects.filter(user=cast.worker, until=None).exists()
    assert client.post(reverse("enterprises:worker-leave", args=[worker.pk])).status_code == 409
    assert "李国强" in client.get(reverse("enterprises:workers") + "?state=left").content.decode()
    assert "李国强" not in client.get(reverse("enterprises:workers")).content.decode()
    client.post(reverse("enterprises:worker-return", args=[worker.pk]))
    assert Post.objects.filter(user=cast.worker, until=None).count() == 1
    assert client.post(reverse("enterprises:worker-return", args=[worker.pk])).status_code == 409
    assert list(Delta.objects.filter(measure="workers").order_by("pk").values_list("amount", flat=True)) == [-1, 1]


def test_whoever_manages_the_firm_cannot_be_marked_as_left(cast: Cast, sign_in: SignIn) -> None:
    boss = Worker.objects.get(user=cast.boss)
    answer = sign_in(cast.manager).post(reverse("enterprises:worker-leave", args=[boss.pk]))
    assert answer.status_code == 409 and "还担任企业负责人" in answer.content.decode()
    assert Post.objects.filter(user=cast.boss, until=None).exists()


def test_the_firm_corrects_a_person_nobody_else_relies_on(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    client.post(reverse("enterprises:worker-new"), GOOD)
    worker = Worker.objects.get(user__name=NAME)
    url = reverse("enterprises:worker-edit", args=[worker.pk])
    new = demo_phone(4242)
    assert client.post(url, GOOD | {"phone": new, "department": "", "job_title": "焊工"}).status_code == 302
    worker.refresh_from_db()
    assert (worker.user.phone, worker.department, worker.job_title) == (new, "", "焊工")
    assert Post.objects.get(user=worker.user).title == "焊工"
    taken = client.post(url, GOOD | {"phone": cast.worker.phone})
    assert taken.status_code == 422 and "登记在另一个人名下" in taken.content.decode()


def test_name_and_numbers_of_somebody_who_signs_in_stay_as_they_are(cast: Cast, sign_in: SignIn) -> None:
    worker, before = forge_worker(cast), cast.worker.phone
    url = reverse("enterprises:worker-edit", args=[worker.pk])
    client = sign_in(cast.manager)
    assert "由本人在" in client.get(url).content.decode()
    assert client.post(url, GOOD | {"phone": demo_phone(4243)}).status_code == 302
    worker.refresh_from_db()
    cast.worker.refresh_from_db()
    assert worker.job_title == "电工" and (cast.worker.name, cast.worker.phone) == ("李国强", before)


def test_the_list_is_searched_by_word_and_by_whole_number_only(cast: Cast, sign_in: SignIn) -> None:
    hire(cast, 4)
    client, url = sign_in(cast.manager), reverse("enterprises:workers")
    name, number, phone = person(2, 6)
    for words in (name, number, phone, f" {phone[:3]} {phone[3:7]} {phone[7:]} "):
        page = client.get(url, {"q": words}).content.decode()
        assert name in page and "李国强" not in page, words
    assert "没有符合条件的人" in client.get(url, {"q": phone[:9]}).content.decode()
    page = client.get(url, {"job_title": "焊工"}).content.decode()
    assert person(0, 6)[0] in page and person(1, 6)[0] not in page
    assert "李国强" in client.get(url, {"category": "other"}).content.decode()


def test_chosen_workers_go_to_the_new_class(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("enterprises:workers-assign")
    answer = client.get(url, {"workers": ["3", "5", "x", "7"]})
    assert answer.headers["Location"] == reverse("training:class-new") + "?workers=3,5,7"
    assert client.get(url).headers["Location"] == reverse("enterprises:workers")
    assert sign_in(cast.county).get(url).status_code == 404


def test_the_list_costs_the_same_for_two_and_twenty(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client, url = sign_in(cast.manager), reverse("enterprises:workers")
    for count in (2, 20):
        hire(cast, count, start=count * 10)
        client.get(url)
        with django_assert_max_num_queries(13):  # type: ignore[attr-defined]
            client.get(url)
