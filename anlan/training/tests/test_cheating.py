"""The ways to cheat that peers allow. None may earn more than the time that passed on the server with media covered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from anlan.lib.crypto import sign
from anlan.operations.demo.cast import Cast, lay_cast
from anlan.training.actions.folding import fold_beats
from anlan.training.actions.learning import answer_prompt, held_session, start_session
from anlan.training.models import Beat, Course, HourEntry, LearningSession, Lesson
from anlan.training.tests.learners import MINUTE, NOON, Player, hours_of, lay_class, lay_course, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return lay_cast()


@pytest.fixture
def course(cast: Cast) -> Course:
    return lay_course(cast)


@pytest.fixture
def film(course: Course) -> Lesson:
    """10 minutes, with a question at 8."""
    return course.lessons.get(position=1)


@pytest.fixture
def short(course: Course) -> Lesson:
    """4 minutes, no question."""
    return course.lessons.get(position=2)


def test_honest_play_earns_what_was_watched(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).play(0, 240)
    assert player.credited == 4 * MINUTE
    assert player.progress.completed_at is not None


def test_an_unsigned_or_foreign_token_is_not_stored(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).wait(60)
    forged = player.token[:-4] + ("AAAA" if not player.token.endswith("AAAA") else "BBBB")
    other_purpose = sign({"s": player.session.pk, "u": cast.worker.pk, "d": 240_000}, purpose="media", expires_at=timezone.now() + timedelta(hours=1))  # fmt: skip
    expired = sign({"s": player.session.pk, "u": cast.worker.pk, "d": 240_000}, purpose="beat", expires_at=timezone.now() - timedelta(seconds=1))  # fmt: skip
    for token in ("", "x.y", forged, other_purpose, expired):
        assert player.send(0, 60_000, token=token) in (400, 401)
    assert not Beat.objects.exists()
    assert hours_of(cast.worker) == 0


def test_one_request_that_claims_everything_earns_the_time_that_passed(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).wait(20)
    assert player.send(0, 240_000) == 200
    assert player.credited == 20_000
    assert player.progress.covered_ms == 30_000  # 1.5 × 20 s
    assert player.progress.completed_at is None


def test_a_replayed_envelope_earns_nothing_before_or_after_folding(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).wait(15)
    player.send(0, 15_000, seq=7)
    player.wait(1).send(0, 15_000, seq=7)
    assert Beat.objects.count() == 1
    assert player.credited == 15_000
    player.wait(60).send(0, 15_000, seq=7)
    player.wait(60).send(0, 15_000, seq=8)
    assert player.credited == 15_000


def test_watching_again_earns_nothing(cast: Cast, short: Lesson) -> None:
    Player(cast.worker, short).play(0, 120)
    assert hours_of(cast.worker) == 120_000
    Player(cast.worker, short, at=NOON + timedelta(minutes=5)).play(0, 120)
    assert hours_of(cast.worker) == 120_000


@pytest.mark.parametrize("speed", [2, 4, 16])
def test_a_faster_clock_earns_server_time_and_covers_at_most_one_and_a_half(
    cast: Cast, film: Lesson, speed: int
) -> None:
    player = Player(cast.worker, film).play(0, 30, speed=speed)
    assert player.credited == 30_000
    assert player.progress.covered_ms == 45_000


def test_seeking_to_the_end_does_not_complete(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).wait(15)
    player.send(0, 15_000)
    player.wait(15).send(225_000, 240_000)
    assert player.credited == 30_000
    assert player.progress.covered_ms == 30_000
    assert player.progress.completed_at is None


@pytest.mark.parametrize("device", ["same browser", "phone"])
def test_two_tabs_or_devices_earn_as_one(cast: Cast, film: Lesson, short: Lesson, device: str) -> None:
    older = Player(cast.worker, film)
    newer = Player(cast.worker, short, at=NOON)
    for n in range(4):
        older.wait(15).send(n * 15_000, (n + 1) * 15_000)
        newer.wait(15).send(n * 15_000, (n + 1) * 15_000)
    assert (older.credited, newer.credited) == (0, 60_000)
    assert hours_of(cast.worker) == 60_000
    assert older.progress.covered_ms == 0


def test_after_the_lease_moved_the_older_page_earns_nothing_and_is_told(
    cast: Cast, film: Lesson, short: Lesson
) -> None:
    older = Player(cast.worker, film).play(0, 30)
    newer = Player(cast.worker, short, at=older.now)
    older.play(30_000, 30)
    newer.play(0, 30)
    assert (older.credited, newer.credited) == (30_000, 30_000)
    assert held_session(film, by=cast.worker, uid=older.session.uid) is None
    assert held_session(short, by=cast.worker, uid=newer.session.uid) == newer.session
    refused = LearningSession.objects.get(pk=older.session.pk).refused_ms
    assert refused == 30_000


def test_what_was_sent_before_the_lease_moved_counts_though_it_is_folded_later(
    cast: Cast, film: Lesson, short: Lesson
) -> None:
    older = Player(cast.worker, film).play(0, 30)
    Player(cast.worker, short, at=older.now + timedelta(seconds=1))
    assert older.credited == 30_000


def test_the_clock_of_the_device_is_never_asked(cast: Cast, short: Lesson) -> None:
    """Spans are media time, the stamp is the receiver's: whatever the phone's clock says cannot reach the ledger."""
    player = Player(cast.worker, short, at=timezone.now())
    body = {
        "token": player.token,
        "seq": 1,
        "spans": [0, 60_000],
        "at": "2030-01-01T00:00:00Z",
        "now": 4_000_000_000_000,
    }
    assert post(body) == 200
    stamped = Beat.objects.get().received_at
    assert abs(stamped - timezone.now()) < timedelta(seconds=20)
    fold_beats()
    assert hours_of(cast.worker) <= (timezone.now() - player.session.started_at) // timedelta(milliseconds=1)


def test_a_paused_player_cannot_save_up_time(cast: Cast, film: Lesson) -> None:
    player = Player(cast.worker, film).wait(3600)
    player.send(0, 10 * MINUTE)
    assert player.credited == 90_000
    assert player.progress.covered_ms == 135_000


def test_a_paused_player_that_keeps_sending_nothing_saves_up_no_more(cast: Cast, film: Lesson) -> None:
    player = Player(cast.worker, film)
    for _beat in range(40):
        player.wait(15).send()
    player.send(0, 10 * MINUTE)
    assert player.credited == 90_000


def test_removing_the_prompt_dialog_earns_nothing_behind_it(cast: Cast, film: Lesson) -> None:
    player = Player(cast.worker, film).play(0, 600)
    assert player.credited == 8 * MINUTE
    assert player.progress.covered_ms == 8 * MINUTE
    assert player.progress.completed_at is None
    prompt = film.prompts.get()
    assert answer_prompt(prompt, by=cast.worker, choice=1) is False
    player.play(8 * MINUTE, 120)
    assert player.credited == 8 * MINUTE


def test_the_answered_prompt_opens_what_lies_behind_it(cast: Cast, film: Lesson) -> None:
    enrolment = lay_class(cast, film.course)
    player = Player(cast.worker, film, enrolment=enrolment).play(0, 480)
    assert answer_prompt(film.prompts.get(), by=cast.worker, choice=0, enrolment=enrolment) is True
    player.play(8 * MINUTE, 120)
    assert player.credited == 10 * MINUTE
    assert player.progress.completed_at is not None


def test_a_prompt_answered_without_watching_completes_nothing(cast: Cast, film: Lesson) -> None:
    player = Player(cast.worker, film)
    answer_prompt(film.prompts.get(), by=cast.worker, choice=0, now=NOON)
    assert player.progress.completed_at is None
    assert hours_of(cast.worker) == 0


def test_another_persons_token_earns_for_that_person_only(cast: Cast, short: Lesson) -> None:
    theirs = Player(cast.other_worker, short)
    mine = Player(cast.worker, short)
    mine.wait(30)
    theirs.wait(30)
    theirs.send(0, 30_000)
    assert hours_of(cast.worker) == 0
    assert hours_of(cast.other_worker) == 30_000


def test_a_token_cannot_be_turned_to_another_session(cast: Cast, short: Lesson) -> None:
    theirs = Player(cast.other_worker, short)
    mine = Player(cast.worker, short).wait(30)
    body, _, mac = theirs.token.rpartition(".")
    swapped = f"{mine.token.rpartition('.')[0]}.{mac}"
    assert mine.send(0, 30_000, token=swapped) == 401
    assert body and hours_of(cast.worker) == 0


def test_spans_beyond_the_lesson_or_backwards_are_refused_by_the_receiver(cast: Cast, short: Lesson) -> None:
    player = Player(cast.worker, short).wait(60)
    for spans in ((0, 999_999), (60_000, 0), (5, 5), (-1, 50), (1,)):
        assert player.send(*spans) == 400
    assert hours_of(cast.worker) == 0


def test_killed_while_folding_nothing_is_lost_or_doubled(
    cast: Cast, short: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.training.actions import folding

    player = Player(cast.worker, short).play(0, 60)

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folding, "_write_enrolments", die)
        with pytest.raises(KeyboardInterrupt):
            fold_beats()
    assert Beat.objects.count() == 4
    assert HourEntry.objects.count() == 0
    assert player.credited == 60_000
    assert fold_beats() == 0
    assert hours_of(cast.worker) == 60_000


def test_an_hour_that_crosses_midnight_is_split_between_the_days(cast: Cast, film: Lesson) -> None:
    eve = datetime.fromisoformat("2026-06-10T23:59:40+08:00")
    player = Player(cast.worker, film, at=eve).play(0, 60)
    assert player.credited == 60_000
    rows = list(HourEntry.objects.order_by("day").values_list("day", "credited_ms", "covered_ms"))
    assert [(str(day), a, b) for day, a, b in rows] == [("2026-06-10", 20_000, 20_000), ("2026-06-11", 40_000, 40_000)]


def test_reading_counts_no_faster_than_the_clock(cast: Cast, course: Course) -> None:
    page = course.lessons.get(position=3)
    player = Player(cast.worker, page).wait(10)
    player.send(0, 60_000)
    assert player.progress.covered_ms == 10_000


def test_a_class_that_asks_for_hours_covers_no_faster_than_the_clock(cast: Cast, film: Lesson) -> None:
    enrolment = lay_class(cast, film.course, hours=1)
    player = Player(cast.worker, film, enrolment=enrolment).play(0, 60, speed=1.5)
    assert player.progress.covered_ms == player.credited == 60_000


def test_there_is_no_address_that_completes_a_lesson(cast: Cast, short: Lesson) -> None:
    from django.test import Client

    client = Client()
    client.force_login(cast.worker, backend="allauth.account.auth_backends.AuthenticationBackend")
    start_session(short, by=cast.worker)
    for path in ("complete", "done", "progress", ""):
        for method in ("post", "put", "patch"):
            answer = getattr(client, method)(f"/learn/{short.pk}/{path}{'/' if path else ''}", {"progress": 1.0})
            assert answer.status_code in (404, 405)
    assert hours_of(cast.worker) == 0
