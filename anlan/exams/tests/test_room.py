"""The room's addresses, as a browser uses them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams.actions.sittings import start_sitting
from anlan.exams.models import Exam, Question, Sitting
from anlan.exams.stock import forget
from anlan.exams.tests.conftest import arrive, right_answers
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def begin(client: Client, exam: Exam) -> Sitting:
    response = client.post(f"/exams/{exam.pk}/start/")
    assert response.status_code == 302
    return Sitting.objects.select_related("exam__blueprint").get(uid=response.headers["Location"].split("/")[2])


def plain_form(sitting: Sitting) -> dict[str, Any]:
    """What a browser without script would post."""
    form: dict[str, Any] = {}
    for number, value in right_answers(sitting).items():
        if value and isinstance(value[0], list):
            for at, part in enumerate(value, 1):
                form[f"q{number}p{at}"] = [str(one).lower() for one in part]
        elif value and isinstance(value[0], str):
            form |= {f"q{number}b{at}": text for at, text in enumerate(value, 1)}
        else:
            form[f"q{number}"] = [str(one).lower() for one in value]
    return form


def test_looking_at_the_start_page_starts_nothing(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    page = sign_in(cast.worker).get(f"/exams/{final.pk}/start/")
    assert "开始考试" in page.text
    assert not Sitting.objects.exists()


def test_the_room_holds_every_question_at_once_and_the_start_goes_on_with_the_same_sitting(
    cast: Cast, final: Exam, sign_in: SignIn
) -> None:
    sitting = begin(sign_in(cast.worker), final)
    second_device = sign_in(cast.worker)
    assert begin(second_device, final).pk == sitting.pk
    page = second_device.get(f"/sittings/{sitting.uid}/")
    assert page.status_code == 200
    assert len(re.findall(r'class="x-q"', page.text)) == 10
    assert "no-store" in page.headers["Cache-Control"]


def test_state_gives_back_what_arrived_and_a_new_token_after_more_time(
    cast: Cast, final: Exam, sign_in: SignIn
) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    arrive(sitting, {1: [2], 3: [0]}, seq=7)
    state = client.get(f"/sittings/{sitting.uid}/state/").json()
    assert state["answers"] == {"1": [7, [2]], "3": [7, [0]]}
    teacher = sign_in(cast.teacher)
    teacher.post(f"/sittings/{sitting.uid}/extend/", {"minutes": "15", "words": "停电"})
    teacher.post(f"/sittings/{sitting.uid}/warn/", {"words": "请看自己的卷子"})
    later = client.get(f"/sittings/{sitting.uid}/state/").json()
    assert later["token"] != state["token"]
    assert later["ends_at"] > state["ends_at"]
    assert [warning["words"] for warning in later["warnings"]] == ["请看自己的卷子"]


def test_handing_in_by_script_carries_the_unsent_and_answers_json_twice(
    cast: Cast, final: Exam, sign_in: SignIn
) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    items = [
        {"client_id": str(uuid.uuid4()), "seq": 5, "number": n, "value": v} for n, v in right_answers(sitting).items()
    ]
    for _ in range(2):
        answer = client.post(
            f"/sittings/{sitting.uid}/submit/", {"carried": json.dumps(items)}, headers={"Accept": "application/json"}
        )
        assert answer.json() == {"url": f"/sittings/{sitting.uid}/result/"}
    sitting.refresh_from_db()
    assert sitting.score == 26
    assert client.get(f"/sittings/{sitting.uid}/").headers["Location"] == f"/sittings/{sitting.uid}/result/"
    assert client.get(f"/sittings/{sitting.uid}/state/").json()["state"] == "scored"


def test_without_script_one_form_hands_everything_in(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    response = client.post(f"/sittings/{sitting.uid}/submit/", {"carried": "", **plain_form(sitting)})
    assert response.headers["Location"] == f"/sittings/{sitting.uid}/result/"
    sitting.refresh_from_db()
    assert (sitting.score, sitting.passed) == (26, True)


def test_a_form_full_of_nonsense_scores_nothing_and_breaks_nothing(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    junk = {f"q{n}": ["-1", "x", "99", "²"] for n in range(1, 11)} | {"carried": "{broken"}
    assert client.post(f"/sittings/{sitting.uid}/submit/", junk).status_code == 302
    sitting.refresh_from_db()
    assert sitting.score == 0


def test_leaving_the_page_is_counted_once_a_leaving(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    for seconds in ("2", "30"):
        assert client.post(f"/sittings/{sitting.uid}/event/", {"client_id": "one", "seconds": seconds}).json() == {
            "leaves": 1
        }
    assert client.post(f"/sittings/{sitting.uid}/event/", {"client_id": "two", "seconds": "x"}).json() == {"leaves": 2}
    assert list(sitting.events.filter(kind="left").values_list("seconds", flat=True)) == [30, 0]


def test_nobody_else_gets_into_the_room_whoever_they_are(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = begin(sign_in(cast.worker), final)
    for who in ("manager", "teacher", "county", "other_worker", "other_county", "boss", "operator"):
        client = sign_in(getattr(cast, who))
        assert client.get(f"/sittings/{sitting.uid}/").status_code == 404
        assert client.get(f"/sittings/{sitting.uid}/state/").status_code == 404
        assert client.post(f"/sittings/{sitting.uid}/submit/", {"carried": "[]"}).status_code == 404
        assert client.post(f"/sittings/{sitting.uid}/event/", {"client_id": "x"}).status_code == 404
    assert sign_in(cast.worker).get(f"/sittings/{uuid.uuid4()}/").status_code == 404
    sitting.refresh_from_db()
    assert (sitting.state, sitting.leaves) == ("running", 0)


def test_the_wrong_method_does_nothing(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    assert client.get(f"/sittings/{sitting.uid}/submit/").status_code == 405
    assert client.post(f"/sittings/{sitting.uid}/state/").status_code == 405
    assert client.get(f"/sittings/{sitting.uid}/event/").status_code == 405


def test_starting_too_early_too_late_or_from_outside_is_refused(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    assert sign_in(cast.other_worker).post(f"/exams/{final.pk}/start/").status_code == 404
    now = timezone.now()
    for changes in (
        {"opens_at": now + timedelta(hours=1)},
        {"opens_at": now - timedelta(days=2), "closes_at": now - timedelta(days=1)},
    ):
        Exam.objects.filter(pk=final.pk).update(**changes)
        client = sign_in(cast.worker)
        assert client.post(f"/exams/{final.pk}/start/").status_code == 409
        assert "现在不能开始" in client.get(f"/exams/{final.pk}/start/").text
    assert not Sitting.objects.exists()


def test_a_start_costs_a_fixed_number_of_queries(
    cast: Cast, final: Exam, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(cast.worker)
    begin(client, final)
    sitting = Sitting.objects.get()
    client.get(f"/sittings/{sitting.uid}/")
    with django_assert_max_num_queries(8):
        client.get(f"/sittings/{sitting.uid}/")


# --- the key stays on the server

SECRETS = (
    "秘密",
    "安全生产法:",
    "安全生产法》",
    "30871",
    '"right"',
    "&quot;right",
    '"why"',
    '"key"',
    '"cites"',
    "ＸＹ",
)


def everything_a_candidate_can_get(client: Client, exam: Exam, sitting: Sitting) -> list[str]:
    """Every page and answer of exams before the result, including those that refuse."""
    uid = sitting.uid
    pages = [
        "/exams/mine/", "/mock/", "/exams/", f"/exams/{exam.pk}/", f"/exams/{exam.pk}/start/", f"/exams/{exam.pk}/export/", f"/exams/{exam.pk}/watch/",
        f"/sittings/{uid}/", f"/sittings/{uid}/state/", f"/sittings/{uid}/result/", f"/sittings/{uid}/result/?all=1", f"/sittings/{uid}/transcript/",
        "/exams/appeals/", "/bank/", "/bank/export/", "/bank/template/", "/blueprints/", f"/blueprints/{exam.blueprint_id}/", f"/blueprints/{exam.blueprint_id}/?sample=1",
        *(f"/bank/{pk}/{tail}" for pk in Question.objects.values_list("pk", flat=True) for tail in ("", "edit/")),
    ]  # fmt: skip
    answers = [client.get(page) for page in pages]
    answers.append(client.post(f"/sittings/{uid}/event/", {"client_id": "x", "seconds": "1"}))
    answers.append(client.post(f"/sittings/{uid}/extend/", {"minutes": "5", "words": "x"}))
    answers.append(client.post(f"/exams/{exam.pk}/start/"))
    return [
        (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")
        + str(dict(answer.headers))
        for answer in answers
    ]


def test_no_answer_a_candidate_can_get_before_the_result_holds_a_key(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    arrive(sitting, {1: [0]})
    texts = everything_a_candidate_can_get(client, final, sitting)
    for text in texts:
        assert not [secret for secret in SECRETS if secret in text]


def test_the_room_is_the_same_to_the_letter_whichever_option_is_right(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, final)
    shown = []
    for right in ([0], [2]):
        Question.objects.filter(kind="single").update(key={"right": right})
        Question.objects.filter(kind="multiple").update(key={"right": [*right, 3]})
        forget()
        page = client.get(f"/sittings/{sitting.uid}/").text
        state = client.get(f"/sittings/{sitting.uid}/state/").text
        shown.append(re.sub(r'csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|"now": "[^"]+"', "", page + state))
    assert shown[0] == shown[1]


def test_a_result_without_published_key_shows_none(cast: Cast, open_for: Callable[..., Exam], sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    sitting = begin(client, open_for(show_key=False))
    client.post(f"/sittings/{sitting.uid}/submit/", {"carried": "[]"})
    text = client.get(f"/sittings/{sitting.uid}/result/?all=1").text
    assert "不公布答案" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_somebody_elses_mock_paper_does_not_show_through(cast: Cast, mock: Exam, sign_in: SignIn) -> None:
    theirs = start_sitting(mock, by=cast.other_worker)
    assert sign_in(cast.worker).get(f"/sittings/{theirs.uid}/result/").status_code == 404
