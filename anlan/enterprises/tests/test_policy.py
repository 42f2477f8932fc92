"""Grades: computed from the file and the counters, told to the firm, kept with their reasons; rules of a territory."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.enterprises.actions.policies import digest, draft_policy, edit_policy, policy_at, publish_policy, try_policy
from anlan.enterprises.actions.policy import regrade
from anlan.enterprises.actions.risk_points import add_plan, add_risk_point
from anlan.enterprises.models import (
    Chemical,
    Enterprise,
    Equipment,
    FloorPlan,
    Permit,
    RiskGrade,
    RiskPoint,
    RiskPolicy,
)
from anlan.enterprises.tasks import regrade_all, regrade_changed
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Tally

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "空气锤", "place": "锻造车间", "accident": "物体打击", "method": "lec", "l_lec": "3", "e_lec": "6", "c_lec": "15",
    "measures": "设挡板\n换模挂牌", "emergency": "", "responsible": "李国强", "basis": "",
}  # fmt: skip


def count(firm: Enterprise, measure: str, amount: int, month: date | None = None) -> None:
    """A folded counter of the firm."""
    Tally.objects.create(
        subject_kind="enterprise", subject_id=firm.pk, measure=measure, month=(month or timezone.localdate()).replace(day=1),
        region_code=firm.organisation.region_code, industry=firm.trade, amount=amount,
    )  # fmt: skip


def grade_now(firm: Enterprise) -> RiskGrade:
    regrade(Enterprise.objects.filter(pk=firm.pk))
    firm.refresh_from_db()
    row = RiskGrade.objects.filter(enterprise=firm).order_by("-pk").first()
    assert row is not None
    return row


def keys(row: RiskGrade) -> set[str]:
    return {line["key"] for line in row.reasons}


def test_the_facts_of_file_and_counters_make_the_grade(cast: Cast) -> None:
    firm, today = cast.enterprise("forge"), timezone.localdate()
    Chemical.objects.create(enterprise=firm, name="天然气", most="1.500")
    Equipment.objects.create(enterprise=firm, kind="crane", name="行车", inspect_by=today - timedelta(days=1))
    Permit.objects.create(enterprise=firm, name="许可证", until=today - timedelta(days=1))
    count(firm, "hazards_open", 6)
    count(firm, "hazards_overdue", 3)
    count(firm, "enrolled", 10)
    count(firm, "learnt", 7)
    count(firm, "hazards_overdue", 9, date(today.year - 2, 1, 1))  # long ago
    row = grade_now(firm)
    assert firm.risk == row.risk == "red"
    assert keys(row) >= {
        "high_risk",
        "smelting",
        "chemicals",
        "chemicals_most",
        "equipment_overdue",
        "permits_expired",
        "hazards_open",
        "completion",
    }
    seen = {line["key"]: line["seen"] for line in row.reasons}
    assert (seen["overdue_many"], seen["hazards_open"], seen["completion"]) == (3, 6, 70)
    assert row.points == sum(line["points"] for line in row.reasons)
    assert all(line["label"] and line["source"] for line in row.reasons)


def test_an_open_major_hazard_makes_it_red_and_closing_it_ends_that(cast: Cast) -> None:
    firm = cast.enterprise("bakery")
    count(firm, "hazards_open_major", 1)
    assert grade_now(firm).risk == "red"
    count(firm, "hazards_open_major", -1, date(2020, 1, 1))
    assert grade_now(firm).risk != "red"


def test_nothing_new_keeps_no_row_and_tells_nobody(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    grade_now(firm)
    before = (RiskGrade.objects.count(), Notice.objects.count())
    grade_now(firm)
    assert (RiskGrade.objects.count(), Notice.objects.count()) == before
    assert firm.graded_at is not None


def test_a_change_is_told_to_the_firm_and_its_officer_with_reasons_and_the_way_out(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    grade_now(firm)
    Notice.objects.all().delete()
    count(firm, "hazards_open_major", 2)
    grade_now(firm)
    told = {notice.user_id: notice for notice in Notice.objects.filter(kind="risk")}
    assert set(told) == {cast.boss.pk, cast.manager.pk, cast.grid.pk}
    assert "重大风险" in told[cast.manager.pk].title
    assert "重大事故隐患没有闭环" in told[cast.manager.pk].text
    assert "闭环 2 条重大隐患" in told[cast.manager.pk].text


def test_the_county_s_own_rules_hold_in_the_county_only(cast: Cast) -> None:
    draft = draft_policy(RiskPolicy.objects.get(region_code=""), by=cast.county)
    rules = [row for row in draft.rules if row["key"] == "high_risk"]
    edit_policy(draft, [rules[0] | {"points": 99}], draft.thresholds, draft.duties, by=cast.county, seen=digest(draft))
    draft.refresh_from_db()
    assert policy_at("410105018G07") != draft  # a draft counts for nothing
    publish_policy(draft, "高危行业从严", timezone.localdate(), by=cast.county, seen=digest(draft))
    assert policy_at("410105018G07") == draft
    assert policy_at("410303001") == RiskPolicy.objects.get(region_code="")
    assert grade_now(cast.enterprise("forge")).policy == draft
    assert grade_now(cast.enterprise("luoyang")).policy.region_code == ""
    assert cast.enterprise("forge").__class__.objects.get(pk=cast.forge.pk).risk == "red"
    assert Record.objects.filter(verb="publish_policy", subject_id=str(draft.pk)).exists()


def test_a_version_for_tomorrow_waits(cast: Cast) -> None:
    draft = draft_policy(RiskPolicy.objects.get(region_code=""), by=cast.county)
    publish_policy(draft, "从明天起", timezone.localdate() + timedelta(days=1), by=cast.county, seen=digest(draft))
    assert policy_at("410105") != draft


def test_stale_published_past_and_foreign_drafts_are_refused(cast: Cast) -> None:
    draft = draft_policy(RiskPolicy.objects.get(region_code=""), by=cast.county)
    assert draft_policy(RiskPolicy.objects.get(region_code=""), by=cast.deputy) == draft  # one draft a territory
    seen = digest(draft)
    edit_policy(draft, draft.rules[:5], draft.thresholds, draft.duties, by=cast.deputy, seen=seen)
    for call in (
        lambda: publish_policy(draft, "好", timezone.localdate(), by=cast.county, seen=seen),
        lambda: edit_policy(draft, draft.rules, draft.thresholds, draft.duties, by=cast.county, seen=seen),
    ):
        with pytest.raises(Refused, match="别人刚刚改过"):
            call()
    draft.refresh_from_db()
    for note, day, who in (
        ("", 0, cast.county),
        ("好", -1, cast.county),
        ("好", 0, cast.city),
        ("好", 0, cast.other_county),
    ):
        with pytest.raises(Refused):
            publish_policy(draft, note, timezone.localdate() + timedelta(days=day), by=who, seen=digest(draft))
    publish_policy(draft, "好", timezone.localdate(), by=cast.county, seen=digest(draft))
    with pytest.raises(Refused, match="已经发布"):
        publish_policy(draft, "好", timezone.localdate(), by=cast.county, seen=digest(draft))


def test_a_trial_says_who_would_change_and_writes_nothing(cast: Cast) -> None:
    regrade_all()
    before = RiskGrade.objects.count()
    draft = draft_policy(RiskPolicy.objects.get(region_code=""), by=cast.county)
    draft.thresholds = {"red": 3, "orange": 2, "yellow": 1}
    trial = try_policy(draft)
    assert trial.concerned == trial.tried == 2  # the firms of the county
    assert {firm.pk for firm, _old, _new, _points in trial.firms} >= {cast.forge.pk}
    assert all(new == "red" for _firm, _old, new, _points in trial.firms)
    assert RiskGrade.objects.count() == before


def test_the_hourly_run_takes_those_that_changed(cast: Cast) -> None:
    regrade_all()
    firm = cast.enterprise("luoyang")
    stamp = firm.__class__.objects.get(pk=firm.pk).graded_at
    assert regrade_changed() == 0
    assert Enterprise.objects.get(pk=firm.pk).graded_at == stamp
    firm.refresh_from_db()
    firm.has_dust = firm.has_confined_space = firm.has_dormitory = True
    firm.save()
    assert regrade_changed() == 1
    assert Enterprise.objects.get(pk=firm.pk).risk in ("red", "orange")


def test_the_firm_reads_why_and_outsiders_find_nothing(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    count(firm, "hazards_open_major", 1)
    grade_now(firm)
    page = sign_in(cast.manager).get(reverse("enterprises:policy")).content.decode()
    for words in (
        "现在是重大风险企业",
        "有重大事故隐患没有闭环",
        "闭环 1 条重大隐患",
        "至少每 30 天一次",
        "平台还没有事故记录",
    ):
        assert words in page
    address = reverse("enterprises:policy-of", args=[firm.pk])
    assert sign_in(cast.grid).get(address).status_code == 200
    assert sign_in(cast.manager).get(address).url == reverse("enterprises:policy")  # type: ignore[attr-defined]
    for outsider in (cast.other_boss, cast.other_county, cast.other_grid, cast.worker, cast.other_agency):
        assert sign_in(outsider).get(address).status_code == 404
        assert sign_in(outsider).post(reverse("enterprises:policy-regrade", args=[firm.pk])).status_code == 404


def test_the_page_stands_before_the_first_grading(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.manager).get(reverse("enterprises:policy"))
    assert page.status_code == 200
    assert "还没有按规则评过" in page.content.decode()


def test_regrading_on_wish_says_what_came_of_it(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    client = sign_in(cast.manager)
    address = reverse("enterprises:policy-regrade", args=[firm.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert RiskGrade.objects.filter(enterprise=firm).count() == 1
    assert client.post(address).status_code == 302
    assert RiskGrade.objects.filter(enterprise=firm).count() == 1


def post_of(policy: RiskPolicy, **changes: Any) -> dict[str, Any]:
    """What the table of a draft posts."""
    data: dict[str, Any] = {"seen": digest(policy), "rows": len(policy.rules) + 1}
    for n, rule in enumerate(policy.rules):
        yes = rule["op"] == "is"
        data |= {f"r{n}-{name}": rule[name] for name in ("key", "label", "points", "grade", "source", "way_out")}
        data |= {
            f"r{n}-condition": f"{rule['fact']}:{rule['op']}{':' + rule['value'] if yes else ''}",
            f"r{n}-value": "" if yes else rule["value"],
        }
    data |= {f"t-{risk}": n for risk, n in policy.thresholds.items()}
    data |= {f"d-{risk}-{name}": n for risk, duty in policy.duties.items() for name, n in duty.items()}
    return data | changes


def test_an_administrator_copies_changes_tries_and_publishes_without_code(cast: Cast, sign_in: SignIn) -> None:
    client, base = sign_in(cast.county), RiskPolicy.objects.get(region_code="")
    assert client.get(reverse("enterprises:policies")).status_code == 200
    client.post(reverse("enterprises:policy-copy", args=[base.pk]))
    draft = RiskPolicy.objects.get(region_code="410105")
    edit = reverse("enterprises:policy-edit", args=[draft.pk])
    assert client.get(edit).status_code == 200
    n = len(draft.rules)
    new = {
        f"r{n}-label": "近 12 个月有事故",
        f"r{n}-condition": "accidents_year:>=",
        f"r{n}-value": "1",
        f"r{n}-points": "40",
        "r0-gone": "1",
    }
    assert client.post(edit, post_of(draft) | new | {"try": "1"}).url == reverse(
        "enterprises:policy-try", args=[draft.pk]
    )  # type: ignore[attr-defined]
    before = digest(draft)
    draft.refresh_from_db()
    assert draft.rules[-1]["label"] == "近 12 个月有事故"
    assert len(draft.rules) == n
    assert digest(draft) != before
    bad = client.post(edit, post_of(draft, **{"r1-points": "lots", "t-red": "5"}))
    assert bad.status_code == 422
    assert "分数线" in bad.content.decode()
    attempt = reverse("enterprises:policy-try", args=[draft.pk])
    assert "会让" in client.get(attempt).content.decode()
    given = {"seen": digest(draft), "valid_from": timezone.localdate().isoformat(), "note": "按今年的形势调整"}
    assert client.post(attempt, given | {"note": ""}).status_code == 422
    assert client.post(attempt, given).status_code == 302
    assert client.post(attempt, given).status_code == 409  # a second tap
    version = client.get(
        reverse("enterprises:policy-version", args=[draft.pk]) + f"?against={base.pk}"
    ).content.decode()
    assert "处不同" in version
    assert sign_in(cast.grid).get(reverse("enterprises:policies")).status_code == 404
    assert sign_in(cast.other_county).get(reverse("enterprises:policy-version", args=[draft.pk])).status_code == 404


def picture() -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (400, 300), "white").save(file, "PNG")
    file.seek(0)
    file.name = "plan.png"
    return file


def test_a_risk_point_is_graded_placed_printed_and_retired(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    new = reverse("enterprises:risk-new", args=[firm.pk])
    assert client.get(new).status_code == 200
    assert client.post(new, GIVEN | {"l_lec": "4"}).status_code == 422
    for _tap in range(2):
        assert client.post(new, GIVEN).status_code == 302
    point = RiskPoint.objects.get(enterprise=firm)
    assert (float(point.score), point.risk) == (270.0, "orange")
    client.post(reverse("enterprises:risks", args=[firm.pk]), {"name": "一层", "file": picture()})
    plan = FloorPlan.objects.get(enterprise=firm)
    map_page = reverse("enterprises:plan", args=[plan.pk])
    assert client.post(map_page, {"point": point.pk, "x": "25", "y": "50"}).status_code == 302
    for wrong in ("140", "nan", "x"):
        assert client.post(map_page, {"point": point.pk, "x": wrong, "y": "50"}).status_code == 422
    point.refresh_from_db()
    assert (point.x, point.y) == (0.25, 0.5)
    assert 'data-point="' in client.get(map_page).content.decode()
    for address in (
        reverse("enterprises:plan-pdf", args=[plan.pk]),
        reverse("enterprises:risk-cards", args=[firm.pk]) + "?size=a5",
    ):
        assert client.get(address).content.startswith(b"%PDF")
    for outsider in (cast.other_boss, cast.other_county):
        for name, pk in (
            ("risk", point.pk),
            ("plan", plan.pk),
            ("plan-picture", plan.pk),
            ("risks", firm.pk),
            ("risk-cards", firm.pk),
        ):
            assert sign_in(outsider).get(reverse(f"enterprises:{name}", args=[pk])).status_code == 404
    client.post(reverse("enterprises:plan-remove", args=[plan.pk]))
    point.refresh_from_db()
    assert point.plan_id is None
    client.post(reverse("enterprises:risk-retire", args=[point.pk]))
    assert client.get(reverse("enterprises:risk-cards", args=[firm.pk])).status_code == 404


def test_whoever_only_reads_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    with pytest.raises(Refused) as refused:
        add_risk_point(firm, {}, by=cast.worker)
    assert refused.value.status == 403
    with pytest.raises(Refused):
        add_plan(firm, picture(), "一层", by=cast.other_boss)


def test_the_pages_cost_the_same_for_two_and_for_twenty(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    county = sign_in(cast.county)
    addresses = [
        (client, reverse("enterprises:policy")),
        (client, reverse("enterprises:risks", args=[firm.pk])),
        (county, reverse("enterprises:policies")),
    ]
    grade_now(firm)

    def fill(n: int) -> list[int]:
        for k in range(n):
            values = {"name": f"点{n}{k}", "place": "车间", "accident": "伤害", "method": "matrix", "likelihood": "3", "consequence": "3",
                      "measures": "", "emergency": "", "responsible": "李", "basis": ""}  # fmt: skip
            add_risk_point(firm, values, by=cast.manager)
            RiskPolicy.objects.create(
                region_code="410105",
                number=100 * n + k,
                rules=[],
                thresholds={},
                duties={},
                valid_from=date(2026, 1, 1),
            )
            Chemical.objects.create(enterprise=firm, name=f"漆{n}{k}")
        costs = []
        for who, address in addresses:
            who.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert who.get(address).status_code == 200
            costs.append(len(asked))
        return costs

    few = fill(2)
    assert fill(20) == few
    assert max(few) <= 20
