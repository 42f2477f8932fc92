"""The list of hazards with 1,000,000 of them at 100,000 firms: first page, tabs, filters, a deep page; county and province."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("postgresql",)
FIRMS, HAZARDS = 100_000, 1_000_000
PAGES = (
    "/hazards/", "/hazards/?view=late", "/hazards/?view=week", "/hazards/?view=check", "/hazards/?view=major", "/hazards/?view=all",
    "/hazards/?view=all&page=400", "/hazards/?state=curing&grade=general&kind=fire", "/hazards/?view=all&section=C&source=patrol&since=2026-03-01",
    "/hazards/?q=%E4%BC%81%E4%B8%9A77&view=all",
)  # fmt: skip


def lay() -> None:
    """Write firms and hazards by bulk SQL: one in ten hazards is open, one in six of those late."""
    from django.db import connection

    from anlan.accounts.models import Organisation
    from anlan.enterprises.models import Enterprise
    from anlan.hazards.models import Hazard

    with connection.cursor() as sql:
        region = "('41' || lpad((1 + n % 18)::text, 2, '0') || lpad((1 + n / 18 % 9)::text, 2, '0') || lpad((1 + n / 162 % 12)::text, 3, '0'))"
        _insert(
            sql, Organisation, f"generate_series(1, {FIRMS}) n",
            {"id": "1000000 + n", "kind": "'enterprise'", "name": "'负载企业' || n || '（演示）'", "region_code": region, "created_at": "now()", "credit_code": "NULL"},
        )  # fmt: skip
        _insert(
            sql, Enterprise, f"generate_series(1, {FIRMS}) n",
            {"organisation_id": "1000000 + n", "region_code": region, "industry": "(array['C3391','C2110','C1411','G5990','F5289'])[1 + n % 5]", "size": "'micro'", "risk": "'blue'",
             "status": "'active'", "updated_at": "now()", "custom": "'{}'"},
        )  # fmt: skip
        firm, day = f"1000000 + 1 + n % {FIRMS}", "(now() - (n % 700) * interval '1 day')"
        state = "(CASE WHEN n / 7 % 10 = 0 THEN (array['found','curing','curing','curing','cured','passed'])[1 + n / 10 % 6] ELSE 'closed' END)"
        _insert(
            sql, Hazard, f"generate_series(1, {HAZARDS}) n",
            {"number": "'YH-L-' || n", "enterprise_id": firm, "region_code": region.replace("n ", f"(1 + n % {FIRMS}) "),
             "industry": "(array['C33','C21','C14','G59','F52'])[1 + n % 5]", "source": "(array['patrol','self','town'])[1 + n % 3]",
             "title": "'通道被货物占用 ' || n", "place": "'车间'", "kind": "(array['fire','electric','machine','gas'])[1 + n % 4]",
             "grade": "(CASE WHEN n % 50 = 0 THEN 'major' ELSE 'general' END)", "state": state, "level": "1 + (n / 10 % 9 = 0)::int",
             "found_at": day, "closed_at": f"(CASE WHEN n / 7 % 10 = 0 THEN NULL ELSE {day} + interval '9 day' END)",
             "deadline": "(current_date - 20 + (n / 10 % 60))"},
        )  # fmt: skip
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE")


def _insert(sql: Any, model: Any, rows: str, values: dict[str, str]) -> None:
    """INSERT … SELECT with a neutral value for every other column that must not be null."""
    from anlan.lib import crypto

    for field in model._meta.concrete_fields:
        if (
            field.column in values
            or field.null
            or getattr(field, "generated", False)
            or (field.primary_key and field.get_internal_type() == "BigAutoField")
        ):
            continue
        kind = field.get_internal_type()
        if hasattr(field, "aad"):  # encrypted: an empty text sealed once serves all rows
            values[field.column] = f"'{crypto.encrypt('', field.aad)}'"
            continue
        plain = {"CharField": "''", "TextField": "''", "BooleanField": "false", "UUIDField": "gen_random_uuid()"}
        values[field.column] = plain.get(kind, "now()" if kind == "DateTimeField" else "0")
    columns = ", ".join(f'"{name}"' for name in values)
    sql.execute(f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {', '.join(values.values())} FROM {rows}")  # noqa: S608 (our own texts)


def measure(house: House) -> Figure:
    """Ask for ten kinds of list as the county and as the province, four at once, for twenty seconds."""
    lay()
    cookies = (house.cookie(house.cast.county), house.cookie(house.cast.province))
    pages = [request("GET", path, cookie=cookie) for path in PAGES for cookie in cookies]
    house.start()
    drive(house.address, cycle(pages), connections=2, seconds=5)
    run = drive(house.address, cycle(pages), connections=2, seconds=20)
    slowest = {}
    for n, page in enumerate(pages):
        drive(house.address, cycle([page]), connections=1, seconds=0.5)
        one = drive(house.address, cycle([page]), connections=1, seconds=1)
        slowest[f"{'province' if n % 2 else 'county'} {PAGES[n // 2]}"] = round(one.percentile(95), 1)
    p95 = run.percentile(95)
    ok = p95 < 100 and set(run.statuses) == {200}
    worst = dict(sorted(slowest.items(), key=lambda pair: -pair[1])[:4])
    return Figure(
        run.rate,
        "pages/s",
        "p95 < 100 ms",
        ok,
        run.percentile(50),
        run.percentile(99),
        {"p95": round(p95, 1), "worst": worst},
    )
