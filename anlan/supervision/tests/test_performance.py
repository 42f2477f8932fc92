"""Performance: what counts, who it is counted for, who sees it, and what an appeal changes."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import python_calamine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Region, User
from anlan.agencies.models import Contract, Engineer, Rating, Service
from anlan.audit.models import Record
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.supervision.actions import compute_month, decide_appeal, make_appeal, refresh_month, set_weights
from anlan.supervision.due import due_for
from anlan.supervision.models import Appeal, Kind, Scheme, Score, Snapshot
from anlan.supervision.performance.cases import months_back, next_month
from anlan.supervision.performance.indicators import DEFAULTS
from anlan.supervision.performance.ranking import cell_of, judge, ranks
from anlan.supervision.tasks import score_performance
from anlan.supervision.tests.making import enough, hazard, in_office, last_month, patrol, step, submission

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
COUNTY = "410105"


@pytest.fixture
def past(cast: Cast) -> Cast:
    """Officers who have been in office for long."""
    in_office(cast.grid, cast.other_grid)
    return cast


def own(user: User, kind: str = "officer") -> Score:
    """The person's newest score."""
    return Score.objects.filter(user=user, subject_kind=kind).order_by("-snapshot__month", "-snapshot__version")[0]


def figures(score: Score, *codes: str) -> list[tuple[int, int]]:
    return [(score.cells[code]["part"], score.cells[code]["whole"]) for code in codes]


def test_patrols_are_their_doers_and_what_nobody_did_is_the_holders(past: Cast) -> None:
    month = last_month()
    due = month + timedelta(days=9)
    patrol(past, due, done=due, by=past.grid)
    patrol(past, due, done=due + timedelta(days=3), by=past.grid)
    patrol(past, due, done=due, by=past.other_grid)  # helped out next door
    patrol(past, due)  # nobody was sent
    patrol(past, due, by=past.grid)
    patrol(past, due, by=past.grid, state="cancelled")
    patrol(past, due, done=due, by=past.grid, period="")  # of one's own choice
    compute_month(COUNTY, month)
    assert figures(own(past.grid), "patrol", "on_time") == [(2, 4), (1, 2)]
    assert figures(own(past.other_grid), "patrol", "on_time") == [(1, 1), (1, 1)]
    town = Score.objects.get(subject_kind="town", subject_id="410105018")
    assert figures(town, "patrol", "on_time") == [(3, 5), (2, 3)]


def test_only_verified_closures_cure_and_old_overdue_ones_stay_a_burden(past: Cast) -> None:
    month = last_month()
    day = month + timedelta(days=14)
    hazard(past, day, found=day - timedelta(days=10), closed=day, verified=past.grid)
    hazard(past, day, found=month)
    before = month - timedelta(days=20)
    hazard(past, before, found=before, closed=day)  # the firm closed it alone
    hazard(past, before, found=before, closed=month - timedelta(days=1), verified=past.grid)  # in the month before
    hazard(past, day, found=month, state="void")
    hazard(past, next_month(month) + timedelta(days=3), found=month)
    compute_month(COUNTY, month)
    score = own(past.grid)
    assert figures(score, "cure", "days") == [(1, 3), (1, 1)]
    assert score.cells["days"]["value"] == 10


def test_a_verdict_of_the_town_is_neither_the_officers_merit_nor_their_miss(past: Cast) -> None:
    month = last_month()
    for first, verdict, later, by in (
        (3, "pass", 3, past.grid),
        (5, "fail", 9, past.grid),
        (8, "pass", 2, past.town),
        (9, "", 0, None),
    ):
        one = hazard(past, next_month(month), found=month)
        day = month + timedelta(days=first)
        step(one, "cure", day, past.manager)
        if verdict:
            step(one, verdict, day + timedelta(days=later), by)
    compute_month(COUNTY, month)
    assert figures(own(past.grid), "verify") == [(1, 3)]
    assert figures(Score.objects.get(subject_kind="town", subject_id="410105018"), "verify") == [(2, 4)]


def test_reports_are_reviewed_within_three_working_days(past: Cast) -> None:
    month = last_month()
    day = month + timedelta(days=8)
    submission(past, day, reviewed=day, by=past.grid, n=1)
    submission(past, day, reviewed=day + timedelta(days=15), by=past.grid, n=2)
    submission(past, day, n=3)
    compute_month(COUNTY, month)
    assert figures(own(past.grid), "review") == [(1, 3)]


def test_a_town_answers_what_escalated_to_it_and_the_clock_does_not(past: Cast) -> None:
    month = last_month()
    for answered in (past.town, past.manager, None):
        one = hazard(past, month, found=month, level=2)
        step(one, "escalate", month + timedelta(days=4), None, level=2)
        step(one, "order", month + timedelta(days=5), answered)
    compute_month(COUNTY, month)
    assert figures(Score.objects.get(subject_kind="town", subject_id="410105018"), "joint") == [(1, 3)]


def test_whoever_took_over_a_grid_is_not_blamed_for_the_days_before(past: Cast) -> None:
    month = last_month()
    past.grid.posts.update(until=month + timedelta(days=9))
    past.other_grid.posts.update(region_code="410105018G07", since=month + timedelta(days=10))
    patrol(past, month + timedelta(days=5))
    patrol(past, month + timedelta(days=20))
    patrol(past, month + timedelta(days=21))
    compute_month(COUNTY, month)
    assert figures(own(past.grid), "patrol") == [(0, 1)]
    assert figures(own(past.other_grid), "patrol") == [(0, 2)]


def test_an_agency_is_measured_by_days_ratings_and_what_held(past: Cast) -> None:
    month = last_month()
    day, firm = month + timedelta(days=5), past.enterprise("forge")
    engineer = Engineer.objects.create(
        agency_id=past.anhe.pk, user=past.engineer, name="沈毅", number="4119", state="verified", valid_until=day
    )
    contract = Contract.objects.create(
        enterprise=firm,
        agency_id=past.anhe.pk,
        number="A",
        since=month,
        until=day,
        state="accepted",
        offered_by=past.agency,
    )
    for state, late, who in (
        ("accepted", 0, engineer),
        ("delivered", 2, None),
        ("disputed", 0, None),
        ("dropped", 0, None),
        ("planned", 0, None),
    ):
        Service.objects.create(
            contract=contract, enterprise=firm, agency_id=past.anhe.pk, kind="inspection", planned_on=day, state=state, engineer=who,
            delivered_at=timezone.make_aware(timezone.datetime(day.year, day.month, day.day + late, 10)) if state != "planned" else None,
        )  # fmt: skip
    rated = Rating.objects.create(
        service=Service.objects.get(state="accepted"), skill=5, timeliness=4, effect=3, by=past.manager
    )
    Rating.objects.filter(pk=rated.pk).update(at=timezone.now() - timedelta(days=timezone.localdate().day + 2))
    for by, verb in ((past.grid, "pass"), (past.grid, "fail"), (past.engineer, "pass")):
        step(hazard(past, day, found=month, found_for=past.anhe, found_by=past.engineer), verb, day, by)
    compute_month(COUNTY, month)
    agency = Score.objects.get(subject_kind="agency")
    assert figures(agency, "service", "recheck", "rating") == [(1, 4), (1, 2), (1, 1)]
    assert agency.cells["rating"]["value"] == 3.6  # (4 + 5 × 3.5) ÷ 6
    assert figures(own(past.engineer, "engineer"), "service", "recheck") == [(1, 1), (1, 2)]


def test_points_weights_and_ties() -> None:
    assert cell_of("patrol", [(n, float(n < 3)) for n in range(4)]).points is None  # four are too few
    assert cell_of("patrol", [(n, float(n < 3)) for n in range(5)]).points == 60.0
    assert [cell_of("days", [(n, d) for n in range(5)]).points for d in (10.0, 60.0, 37.5)] == [100, 0, 50]
    eight = [(n, float(n < 4)) for n in range(8)]
    ten = [(n, 1.0) for n in range(10)]
    weights = {"patrol": 50, "cure": 30, "file": 20}
    found = judge({"a": {"patrol": eight, "cure": ten}, "b": {"file": ten}, "c": {}}, list(weights), weights)
    assert (found["a"].total, found["a"].rank, found["a"].sample) == (68.8, 1, 18)  # (50 × 50 + 100 × 30) ÷ 80
    assert (found["b"].total, found["b"].rank) == (100, None)  # 20 of 100 are not enough
    assert (found["c"].total, found["c"].rank) == (None, None)
    assert ranks([("a", 9), ("b", 8), ("c", 8), ("d", 7)]) == {"a": 1, "b": 2, "c": 2, "d": 4}


def test_a_month_is_published_once_and_its_people_are_told_once(past: Cast) -> None:
    enough(past, last_month())
    assert score_performance() == 8  # four kinds, last month and this one
    first = list(Snapshot.objects.filter(version=1).values_list("pk", "made_at"))
    patrol(past, last_month(), by=past.grid)  # a record that came later changes nothing published
    assert score_performance() == 4
    assert list(Snapshot.objects.filter(version=1).values_list("pk", "made_at")) == first
    assert Notice.objects.filter(user=past.grid, kind="performance").count() == 1
    assert Snapshot.objects.filter(version=0).count() == 4


def test_a_running_month_blames_nobody_before_the_time(past: Cast) -> None:
    today = timezone.localdate()
    patrol(past, today, by=past.grid)
    patrol(past, today, done=today, by=past.grid)
    compute_month(COUNTY, today)
    assert figures(own(past.grid), "patrol") == [(1, 1)]
    assert own(past.grid).snapshot.is_provisional


def test_a_provisional_result_is_asked_for_by_the_county_and_not_too_often(past: Cast) -> None:
    region = Region.objects.get(pk=COUNTY)
    assert len(refresh_month(region, by=past.county)) == 4
    with pytest.raises(Refused, match="刚刚算过"):
        refresh_month(region, by=past.county)
    for who in (past.grid, past.town, past.other_county, past.agency):
        with pytest.raises(Refused) as refused:
            refresh_month(region, by=who)
        assert refused.value.status == 403


def test_weights_hold_from_a_coming_month_and_never_touch_the_past(past: Cast) -> None:
    now = timezone.localdate().replace(day=1)
    region, weights = Region.objects.get(pk=COUNTY), dict(DEFAULTS[Kind.OFFICER]) | {"patrol": 15, "cure": 30}
    for month, changed, code in (
        (now, weights, "too_early"),
        (next_month(now), weights | {"cure": 31}, "not_hundred"),
        (next_month(now), {"patrol": 100}, "bad_weights"),
    ):
        with pytest.raises(Refused) as refused:
            set_weights("officer", region, by=past.county, weights=changed, valid_from=month, because="冬季")
        assert refused.value.code == code
    for _twice in range(2):
        set_weights("officer", region, by=past.county, weights=weights, valid_from=next_month(now), because="冬季")
    assert Scheme.objects.count() == 1
    assert Scheme.objects.in_force("officer", COUNTY, now) is None
    found = Scheme.objects.in_force("officer", COUNTY, months_back(now, -3))
    assert found is not None and found.weights["cure"] == 30
    assert Scheme.objects.in_force("officer", "410102", months_back(now, -3)) is None
    with pytest.raises(Refused) as refused:
        set_weights(
            "officer", region, by=past.other_county, weights=weights, valid_from=next_month(now), because="冬季"
        )
    assert refused.value.status == 403


def test_pages_are_seen_by_oneself_and_by_superiors_only(past: Cast, sign_in: SignIn) -> None:
    enough(past, last_month())
    compute_month(COUNTY, last_month())
    url = f"/performance/scores/{own(past.grid).pk}/"
    for who, status in (
        (past.grid, 200),
        (past.town, 200),
        (past.county, 200),
        (past.city, 200),
        (past.other_grid, 404),
        (past.other_county, 404),
        (past.agency, 404),
        (past.manager, 404),
    ):
        client = sign_in(who)
        assert client.get(url).status_code == status, who
        assert client.get(f"{url}patrol/").status_code == status, who
    assert sign_in(past.grid).post(url).status_code == 405
    page = sign_in(past.county).get("/performance/?kind=officer").content.decode()
    assert "刘海涛" in page
    assert "样本不足，不排名" in page
    assert "刘海涛" not in sign_in(past.other_grid).get("/performance/").content.decode()
    assert "刘海涛" not in sign_in(past.other_county).get(f"/performance/?region={COUNTY}").content.decode()


def test_a_predecessor_in_the_grid_is_none_of_the_officers_business(past: Cast) -> None:
    enough(past, last_month())
    compute_month(COUNTY, last_month())
    past.other_grid.posts.update(region_code="410105018G07")
    assert not Score.objects.visible_to(User.objects.get(pk=past.other_grid.pk)).filter(user=past.grid).exists()


def test_the_records_behind_a_figure_are_those_that_made_it(past: Cast, sign_in: SignIn) -> None:
    made = enough(past, last_month(), done=5, missed=1)
    compute_month(COUNTY, last_month())
    url = f"/performance/scores/{own(past.grid).pk}/patrol/"
    missed = sign_in(past.grid).get(f"{url}?show=missed").content.decode()
    assert f"/inspections/{made[-1].pk}/" in missed
    assert f"/inspections/{made[0].pk}/" not in missed
    assert f"/inspections/{made[0].pk}/" in sign_in(past.county).get(f"{url}?show=done").content.decode()
    assert sign_in(past.county).get(url.replace("patrol", "nothing")).status_code == 404


def test_the_ranking_costs_the_same_for_two_and_for_twenty(past: Cast, sign_in: SignIn) -> None:
    enough(past, last_month())
    enough(past, last_month(), by=past.other_grid)
    shot = compute_month(COUNTY, last_month(), kinds=["officer"])[0]
    client, counts = sign_in(past.county), []
    for more in (2, 20):
        Score.objects.bulk_create(
            Score(
                snapshot=shot,
                subject_kind="officer",
                subject_id=f"x{more}-{n}",
                name=f"某{n}",
                region_code=COUNTY,
                total=50,
                rank=3,
            )
            for n in range(more)
        )
        client.get("/performance/")
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/performance/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15
    page = f"/performance/scores/{own(past.grid).pk}/"
    for url in (page, f"{page}patrol/"):
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        assert len(seen) <= 15, url


def test_the_export_carries_every_figure_and_is_recorded(past: Cast, sign_in: SignIn) -> None:
    enough(past, last_month())
    compute_month(COUNTY, last_month())
    answer = sign_in(past.county).get("/performance/export/?kind=officer")
    rows = (
        python_calamine.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()
    )
    assert rows[0][:4] == ["名次", "网格员", "所在", "总分"]
    line = next(row for row in rows if row[1] == "刘海涛")
    assert (line[5], line[6]) == (80, "8 / 10")
    assert Record.objects.filter(verb="export_performance", actor_id=past.county.pk).exists()


@pytest.fixture
def published(past: Cast) -> Score:
    """A published score of the officer: 8 of 10 patrols; the next grid's officer made 9 of 10."""
    enough(past, last_month())
    enough(past, last_month(), by=past.other_grid, done=9, missed=1)
    for _n in range(5):
        day = last_month() + timedelta(days=10)
        hazard(past, day, found=last_month(), closed=day, verified=past.grid)
        hazard(past, day, found=last_month(), closed=day, verified=past.grid, region_code="410105018G08")
    for n in range(5):
        submission(past, day, reviewed=day, by=past.grid, n=n)
        submission(past, day, reviewed=day, by=past.other_grid, n=n + 10)
    compute_month(COUNTY, last_month(), kinds=["officer"])
    return own(past.grid)


def missed_of(score: Score) -> list[int]:
    return [pk for pk, value in score.evidence.cases["patrol"] if not value]


def test_an_appeal_that_is_upheld_makes_a_new_version_and_keeps_the_old(
    past: Cast, published: Score, sign_in: SignIn
) -> None:
    assert (published.rank, own(past.other_grid).rank) == (2, 1)
    client = sign_in(past.grid)
    answer = client.post(
        f"/performance/scores/{published.pk}/patrol/", {"cases": missed_of(published), "words": "企业停产装修"}
    )
    appeal = Appeal.objects.get()
    assert answer["Location"] == f"/performance/appeals/{appeal.pk}/"
    assert [due.count for due in due_for(past.county)] == [1]
    assert "企业停产装修" in sign_in(past.county).get(answer["Location"]).content.decode()
    sign_in(past.county).post(answer["Location"], {"decision": "uphold", "words": "情况属实"})
    new = own(past.grid)
    assert (new.snapshot.version, new.rank, own(past.other_grid).rank) == (2, 1, 2)
    assert figures(new, "patrol") == [(8, 8)]
    assert "情况属实" in new.snapshot.because
    published.refresh_from_db()
    assert figures(published, "patrol") == [(8, 10)]
    assert "这是旧的一版" in client.get(f"/performance/scores/{published.pk}/").content.decode()
    assert due_for(past.county) == []


def test_of_two_answers_the_first_holds(past: Cast, published: Score) -> None:
    appeal = make_appeal(published, by=past.grid, indicator="patrol", cases=missed_of(published), words="停产")
    same = Appeal.objects.get(pk=appeal.pk)
    decide_appeal(appeal, by=past.county, upheld=False, words="巡查记录没有停产说明")
    with pytest.raises(Refused) as refused:
        decide_appeal(same, by=past.deputy, upheld=True, words="属实")
    assert refused.value.status == 409
    assert Snapshot.objects.filter(version=2).count() == 0
    appeal.refresh_from_db()
    assert appeal.state == "refused"


def test_two_corrections_of_one_month_add_up(past: Cast, published: Score) -> None:
    other = own(past.other_grid)
    mine = make_appeal(published, by=past.grid, indicator="patrol", cases=missed_of(published), words="停产")
    theirs = make_appeal(other, by=past.other_grid, indicator="patrol", cases=missed_of(other), words="停产")
    decide_appeal(mine, by=past.county, upheld=True, words="属实")
    decide_appeal(theirs, by=past.county, upheld=True, words="属实")
    assert figures(own(past.grid), "patrol") == [(8, 8)]
    assert figures(own(past.other_grid), "patrol") == [(9, 9)]
    assert (own(past.grid).rank, own(past.other_grid).rank, own(past.grid).snapshot.version) == (1, 1, 3)


def test_appeals_are_ones_own_once_with_a_reason_and_in_time(past: Cast, published: Score) -> None:
    missed = missed_of(published)
    tries = (
        (past.county, missed, "停产", "not_yours"), (past.grid, [], "停产", "no_cases"), (past.grid, [10**9], "停产", "no_cases"),
        (past.grid, missed, " ", "no_reason"),
    )  # fmt: skip
    for by, cases, words, code in tries:
        with pytest.raises(Refused) as refused:
            make_appeal(published, by=by, indicator="patrol", cases=cases, words=words)
        assert refused.value.code == code
    appeal = make_appeal(published, by=past.grid, indicator="patrol", cases=missed, words="停产")
    with pytest.raises(Refused) as refused:
        make_appeal(published, by=past.grid, indicator="patrol", cases=missed, words="停产")
    assert refused.value.code == "appeal_open"
    for who in (past.grid, past.town, past.other_county):
        with pytest.raises(Refused) as refused:
            decide_appeal(appeal, by=who, upheld=True, words="属实")
        assert refused.value.status == 403
    Snapshot.objects.filter(pk=published.snapshot_id).update(published_at=timezone.now() - timedelta(days=16))
    late = Score.objects.get(pk=published.pk)
    with pytest.raises(Refused) as refused:
        make_appeal(late, by=past.grid, indicator="cure", cases=[1], words="停产")
    assert refused.value.code == "too_late"


def test_a_refused_form_keeps_what_was_ticked_and_written(past: Cast, published: Score, sign_in: SignIn) -> None:
    missed = missed_of(published)[0]
    answer = sign_in(past.grid).post(
        f"/performance/scores/{published.pk}/patrol/", {"cases": [missed, "²"], "words": ""}
    )
    assert answer.status_code == 422
    assert f'value="{missed}" checked' in answer.content.decode()
    form = {"valid_from": "2020-13", "because": "冬季", **dict.fromkeys(DEFAULTS["officer"], "1")}
    answer = sign_in(past.county).post("/performance/weights/?kind=officer", form)
    assert answer.status_code == 422
    assert "冬季" in answer.content.decode()


def test_weights_are_set_from_the_page(past: Cast, sign_in: SignIn) -> None:
    month = next_month(timezone.localdate().replace(day=1))
    form = {"valid_from": f"{month:%Y-%m}", "because": "冬季火灾多", **DEFAULTS["officer"], "patrol": 15, "cure": 30}
    sign_in(past.county).post("/performance/weights/?kind=officer", form)
    assert Scheme.objects.get().weights["cure"] == 30
    assert "冬季火灾多" in sign_in(past.grid).get("/performance/weights/").content.decode()
    assert sign_in(past.grid).post("/performance/weights/?kind=officer", form).status_code == 403


def test_an_agency_sees_itself_and_the_anonymous_mean(past: Cast, sign_in: SignIn) -> None:
    shot = Snapshot.objects.create(
        kind="agency", region_code=COUNTY, month=last_month(), version=1, weights=DEFAULTS["agency"]
    )
    for organisation, total, rank in ((past.anhe, 80.0, 1), (past.huaan, 60.0, 2)):
        score = Score.objects.create(
            snapshot=shot, subject_kind="agency", subject_id=str(organisation.pk), name=organisation.name, organisation=organisation,
            region_code=COUNTY, total=total, rank=rank,
        )  # fmt: skip
    page = sign_in(past.agency).get("/performance/").content.decode()
    assert past.anhe.name in page
    assert "华安注册" not in page
    assert "70.0" in page
    assert sign_in(past.agency).get(f"/performance/scores/{score.pk}/").status_code == 404
    assert sign_in(past.agency).get("/performance/weights/").status_code == 404
