"""The whole house against somebody who means harm: nonsense in every field, forged requests, lost posts, foreign numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.enterprises.models import Worker
from anlan.exams.models import Exam
from anlan.operations.demo.cast import Cast
from anlan.training.models import Course, Enrolment, Lesson, TrainingClass
from tests.test_walk import FIXED, stage
from tests.walk import ALLOWED

__all__ = ["stage"]

pytestmark = pytest.mark.django_db
Stage = tuple[Cast, dict[str, list[Any]]]
SignIn = Callable[[User], Client]

NONSENSE = ("²", "9" * 30, "9" * 5000, "\x00'\"><script>alert(1)</script>")
FIELDS = (  # noqa: SIM905 (a list of eighty literals reads worse)
    "q page year level course kind state show in from to before number class worker workers region industry tab phase sample "
    "format batch actor verb subject since until lesson move offset seconds minutes version choice score at_ms seq uid id ids "
    "field next language elder step do words reason names tag name text due hired_on phone id_number risk size training view "
    "order set way categories departments jobs enterprises pick industry_words find seen conditions column-0 header_row because "
    "approve answer carried role scope scope_pick title rows question first last about day"
).split()
STRICT = ("default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'self'", "frame-ancestors 'self'")  # fmt: skip


def visits(stage: Stage) -> list[tuple[str, str, str, str]]:
    """Name, method, address and somebody who may enter, for every address that anybody may enter."""
    cast, objects = stage
    found = []
    for name, (method, key, allowed) in sorted(ALLOWED.items()):
        who = next((person for person in cast.people if person in allowed), None)
        if who is not None:
            found.append((name, method, FIXED.get(name) or reverse(name, args=objects[key]), who))
    return found


def test_nonsense_in_any_field_breaks_no_page(stage: Stage, sign_in: SignIn) -> None:
    cast, _objects = stage
    clients = {who: sign_in(person) for who, person in cast.people.items()}
    logging.disable(logging.CRITICAL)
    broken = []
    for name, method, url, who in visits(stage):
        client = clients[who]
        client.raise_request_exception = False
        for text in NONSENSE:
            cache.clear()
            with transaction.atomic():
                data = dict.fromkeys(FIELDS, text)
                answer = client.get(url, data) if method == "GET" else client.post(url, data)
                if answer.status_code >= 500:
                    broken.append(f"{method} {name} with {text[:9]!r}: {answer.status_code}")
                transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    assert broken == []


SIGNED = {"notifications:unsubscribe", "content:unsubscribe"}
"""Written without a token: the address itself is signed, and the one click comes from a mail program (RFC 8058)."""


def test_every_page_has_the_strict_policy_and_every_write_wants_its_token(stage: Stage, sign_in: SignIn) -> None:
    cast, _objects = stage
    clients = {who: sign_in(person) for who, person in cast.people.items()}
    for client in clients.values():
        client.handler.enforce_csrf_checks = True
    logging.disable(logging.CRITICAL)
    wrong = []
    for name, _method, url, who in visits(stage):
        for verb in ("get", "post"):
            with transaction.atomic():
                answer = getattr(clients[who], verb)(url)
                policy = answer.headers.get("Content-Security-Policy", "")
                sandboxed = policy.startswith("default-src 'none'") and "sandbox" in policy
                if not sandboxed and (not all(part in policy for part in STRICT) or "unsafe" in policy):
                    wrong.append(f"{verb} {name}: {policy}")
                if answer.headers.get("X-Content-Type-Options") != "nosniff":
                    wrong.append(f"{verb} {name}: sniffed")
                if verb == "post" and answer.status_code not in (403, 405) and name not in SIGNED:
                    wrong.append(f"{name} was written without a token: {answer.status_code}")
                transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    assert wrong == []


@pytest.mark.parametrize(
    "url",
    [
        "/accounts/login/",
        "/accounts/login/code/",
        "/accounts/signup/",
        "/demo/enter/enterprise_admin/",
        "/verify/",
    ],
)
def test_the_doors_want_a_token_too(cast: Cast, url: str) -> None:
    assert Client(enforce_csrf_checks=True).post(url, {"login": "13800000000"}).status_code == 403


def test_an_error_and_an_unknown_address_have_the_policy_too(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.worker).get("/no-such-page/")
    assert answer.status_code == 404
    assert all(part in answer.headers["Content-Security-Policy"] for part in STRICT)


def test_a_post_withdrawn_and_an_account_closed_end_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert client.get("/workers/").status_code == 200
    Post.objects.filter(user=cast.manager).update(until=timezone.localdate())
    assert client.get("/workers/").status_code == 404
    assert client.post("/classes/new/").status_code in (403, 404)
    User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    answer = client.get("/home/")
    assert answer.status_code == 302 and "/accounts/login/" in answer.headers["Location"]


def test_a_person_with_two_posts_has_the_powers_of_one_at_a_time(cast: Cast, sign_in: SignIn) -> None:
    """A regulator of the next county who also manages the bakery sees neither the forge nor, as regulator, rosters."""
    second = Post.objects.create(user=cast.other_county, role_id="safety_manager", organisation=cast.bakery)
    client, forge = sign_in(cast.other_county), cast.forge.pk
    assert client.get("/rosters/").status_code == 404
    assert client.get(f"/enterprises/{forge}/").status_code == 404
    client.post(f"/me/posts/{second.pk}/act/")
    assert client.get("/rosters/").status_code == 200
    assert client.get("/overview/").status_code == 404
    assert client.get(f"/enterprises/{forge}/").status_code == 404
    foreign = Post.objects.get(user=cast.county)
    assert client.post(f"/me/posts/{foreign.pk}/act/").status_code == 404


def class_form(course: Course, **changes: Any) -> dict[str, Any]:
    return {
        "batch": "6f1f9d2e-6a52-4a62-9a7c-0f6f2f0a0001", "way": "picked", "courses": [course.pk], "kind": "annual", "title": "偷派",
        "until": str(timezone.localdate().replace(month=12, day=31)), "split": "one",
    } | changes  # fmt: skip


def test_numbers_of_others_in_the_body_do_nothing(cast: Cast, sign_in: SignIn) -> None:
    course = Course.objects.create(owner=cast.school, slug="x", title="课", state="published")
    draft = Course.objects.create(owner=cast.school, slug="y", title="未上架", state="draft")
    Lesson.objects.create(course=course, position=1, title="讲", kind="document", text="甲" * 600)
    baker = Worker.objects.get(user=cast.other_worker)
    own = Worker.objects.get(user=cast.worker)
    boss = sign_in(cast.boss)
    boss.post("/classes/new/", class_form(course, workers=str(baker.pk)))
    boss.post("/classes/new/", class_form(draft, workers=str(own.pk)))
    boss.post("/classes/new/", class_form(course, way="all", enterprises=str(cast.bakery.pk), region="410102"))
    assert not Enrolment.objects.filter(user=cast.other_worker).exists()
    assert not TrainingClass.objects.filter(courses=draft).exists()
    sign_in(cast.other_county).post(
        "/classes/new/", class_form(course, way="all", enterprises=str(cast.forge.pk), workers=str(own.pk))
    )
    assert not TrainingClass.objects.filter(given_by__gt="").exists()
    # People of another class, and a class of another firm.
    mine = TrainingClass.objects.filter(organisation=cast.forge).first()
    assert mine is not None
    mine_enrolment = Enrolment.objects.filter(training_class=mine).first()
    assert mine_enrolment is not None
    theirs = TrainingClass.objects.create(
        organisation=cast.bakery, region_code=cast.bakery.region_code, title="别家的班", starts_on=timezone.localdate(),
        deadline=timezone.now() + timezone.timedelta(days=3), created_by=cast.other_boss,
    )  # fmt: skip
    other = sign_in(cast.other_boss)
    other.post(f"/classes/{theirs.pk}/people/", {"do": "withdraw", "ids": [mine_enrolment.pk], "reason": "捣乱"})
    assert other.post(f"/classes/{mine.pk}/people/", {"do": "remind_all"}).status_code == 404
    other.post("/exams/new/", {"training_class": mine.pk, "kind": "final", "title": "别人的考试"})
    mine_enrolment.refresh_from_db()
    assert mine_enrolment.state != "withdrawn" and not Exam.objects.filter(training_class=mine).exists()


def test_names_and_markdown_run_nothing(cast: Cast, sign_in: SignIn) -> None:
    evil = "<script>alert(1)</script>"
    User.objects.filter(pk=cast.worker.pk).update(name=f"李{evil}")
    course = Course.objects.create(owner=cast.school, slug="x", title=f"课{evil}", state="published")
    text = f'{evil}\n\n<img src=x onerror=alert(1)>\n\n[链接](javascript:alert(1)) ![图](javascript:alert(1)) <https://e.example/"onmouseover=alert(1)>'
    lesson = Lesson.objects.create(course=course, position=1, title=f"讲</script>{evil}", kind="document", text=text)
    pages = [
        sign_in(cast.worker).get(f"/learn/{lesson.pk}/"), sign_in(cast.manager).get("/workers/"), Client().get("/courses/x/"),
        sign_in(cast.manager).get("/workers/", {"q": evil}), sign_in(cast.worker).get("/find/", {"q": evil}),
    ]  # fmt: skip
    for page in pages:
        assert page.status_code == 200
        html = page.content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html and 'href="javascript:' not in html
        assert 'src="javascript:' not in html and '"onmouseover=' not in html


@pytest.mark.parametrize("url", ["//evil.example/", "https://evil.example/", "/\\evil.example/", "javascript:alert(1)"])
def test_no_door_leads_outside(cast: Cast, sign_in: SignIn, url: str) -> None:
    client = sign_in(cast.worker)
    for path in ("/me/preferences/", "/elder/", "/i18n/setlang/"):
        answer = client.post(path, {"next": url, "language": "en", "elder": "on"})
        assert not answer.headers.get("Location", "").startswith(("//", "https:", "/\\", "javascript")), path
    cast.worker.set_password("long enough to hold")
    cast.worker.save()
    visitor = Client()
    visitor.get("/accounts/login/", {"next": url})
    answer = visitor.post(
        f"/accounts/login/?{urlencode({'next': url})}",
        {"login": cast.worker.phone, "password": "long enough to hold", "next": url},
    )
    assert answer.status_code == 302 and answer.headers["Location"].startswith("/home/")


def test_a_forged_host_gets_nothing(cast: Cast) -> None:
    logging.disable(logging.CRITICAL)
    assert Client().get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
    logging.disable(logging.NOTSET)


def test_the_session_changes_at_the_door_and_ends_with_it(cast: Cast) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.cookies["sessionid"] = "fixedbyattacker00000000000000000"
    client.post("/demo/enter/enterprise_admin/")
    key = client.cookies["sessionid"].value
    assert key != "fixedbyattacker00000000000000000"
    assert client.get("/home/").status_code == 200
    client.post("/accounts/logout/")
    client.cookies["sessionid"] = key
    assert client.get("/home/").status_code == 302
