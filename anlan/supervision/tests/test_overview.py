"""A regulator sees the own territory from roll-ups, drills down, and never beside or above it."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Region, User
from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast
from anlan.supervision.indicators import Indicators, percent
from anlan.tallies.actions import tally_many
from anlan.tallies.tasks import fold_all

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def facts(cast: Cast) -> Cast:
    today = timezone.localdate()
    subject, region, trade = ("enterprise", cast.forge.pk), "410105018G07", "C33"
    rows = [
        ("workers", 40, date(2024, 1, 1)),
        ("enrolled", 40, today),
        ("learnt", 30, today),
        ("passed", 27, today),
        ("failed", 3, today),
        ("sittings", 30, today),
    ]
    tally_many((measure, amount, subject, day, region, trade) for measure, amount, day in rows)
    tally_many([("enrolled", 20, ("enterprise", cast.luoyang.pk), today, "410303001", "C21")])
    fold_all()
    return cast


def test_a_county_sees_its_figures_and_towns(facts: Cast, sign_in: SignIn) -> None:
    page = sign_in(facts.county).get("/overview/").content.decode()
    assert "金水区培训完成率 75.0%" in page
    assert "杨金路街道" in page
    assert "王城路街道" not in page


def test_the_province_is_the_sum_of_its_cities(facts: Cast, sign_in: SignIn) -> None:
    page = sign_in(facts.province).get("/overview/").content.decode()
    assert "河南省培训完成率 50.0%" in page
    assert "完成率 50.0%" in page


@pytest.mark.parametrize(
    ("who", "code", "status"),
    [
        ("county", "410105018", 200),
        ("county", "4101", 404),
        ("county", "410102", 404),
        ("county", "410303", 404),
        ("worker", "410105", 404),
        ("manager", "410105", 404),
    ],
)
def test_only_the_own_territory_exists(facts: Cast, sign_in: SignIn, who: str, code: str, status: int) -> None:
    assert sign_in(facts.people[who]).get(f"/overview/{code}/").status_code == status


def test_an_export_has_the_same_rows_and_is_recorded(facts: Cast, sign_in: SignIn) -> None:
    response = sign_in(facts.county).get("/overview/?format=xlsx")
    assert b"".join(response.streaming_content)[:2] == b"PK"
    assert Record.objects.filter(verb="export_overview", actor_id=facts.county.pk).exists()


def test_an_industry_filters_and_nonsense_is_ignored(facts: Cast, sign_in: SignIn) -> None:
    client = sign_in(facts.province)
    assert "河南省培训完成率" in client.get("/overview/?industry=C&year=x").content.decode()
    assert client.get("/overview/?industry=ZZ&year=99999").status_code == 200


def test_queries_do_not_grow_with_the_parts(facts: Cast, sign_in: SignIn) -> None:
    client = sign_in(facts.county)
    client.get("/overview/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/overview/")
    Region.objects.bulk_create(
        Region(code=f"41010590{n}", name=f"街道 {n}", full_name=f"街道 {n}", level=4, parent_id="410105")
        for n in range(9)
    )
    with CaptureQueriesContext(connection) as many:
        client.get("/overview/")
    assert len(many) == len(few) <= 15


def test_a_rate_over_nothing_is_no_rate_and_few_cases_wear_no_flag() -> None:
    assert percent(3, 0) is None
    assert Indicators("1", "x", enrolled=5, learnt=1).warning is None
    assert Indicators("1", "x", enrolled=50, learnt=10).warning is not None
