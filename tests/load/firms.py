"""A hundred thousand invented firms by one statement a table: what the paths about firms stand on."""

from __future__ import annotations

from django.db import connection

COUNT = 100_000
TOWNS = 12
SERIES = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {top}) ",
    "postgresql": "WITH s(n) AS (SELECT generate_series(0, {top})) ",
}


def lay(count: int = COUNT) -> int:
    """Make the regions and `count` firms over 20 counties of 12 towns each, 1 in 20 in the cast's county; return the first key.

    Laying again finds them there. Tallies and permits are made for a part, as in a real district.
    """
    from anlan.accounts.models import Organisation, Region
    from anlan.enterprises.models import Enterprise

    if (
        first := Organisation.objects.filter(name__startswith="装载")
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    ):
        return first
    counties = ["410105", *(f"41{n // 9 + 10}{n % 9 + 10}" for n in range(19))]
    for county in counties:
        Region.objects.get_or_create(
            pk=county, defaults={"name": f"县{county}", "full_name": f"河南省县{county}", "level": 3, "parent_id": "41"}
        )
        for n in range(TOWNS):
            code = f"{county}{100 + n}"
            Region.objects.get_or_create(
                pk=code,
                defaults={
                    "name": f"镇{code}",
                    "full_name": f"河南省县{county}镇{code}",
                    "level": 4,
                    "parent_id": county,
                },
            )
    start = (Organisation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    head = SERIES[connection.vendor].format(top=count - 1)
    place = " ".join(f"WHEN {n} THEN '{code}'" for n, code in enumerate(counties))
    text = "CAST({} AS text)".format
    sealed = Enterprise._meta.get_field("contact_phone").get_db_prep_save("", connection)  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_organisation "  # noqa: S608 (constants)
            f"(id, kind, name, credit_code, region_code, is_demo, created_at) {head}"
            f"SELECT {start} + n, 'enterprise', '装载' || {text('n')} || '金属制品有限公司', NULL, "
            f"(CASE n % 20 {place} END) || {text(f'100 + (n / 20) % {TOWNS}')}, TRUE, CURRENT_TIMESTAMP FROM s"
        )
        columns = (
            "organisation_id, region_code, industry, size, risk, high_risk_industry, legal_person, contact_phone, address, registered_address, "
            "licence_number, meter_number, special_operations, integrity, standard, headcount, products, custom, status, updated_at, "
            "latitude, longitude, registered_by, has_dust, has_chemicals"
        )
        cursor.execute(
            f"INSERT INTO enterprises_enterprise ({columns}) {head}"  # noqa: S608 (constants)
            f"SELECT {start} + n, (CASE n % 20 {place} END) || {text(f'100 + (n / 20) % {TOWNS}')}, CASE n % 4 WHEN 0 THEN 'C3311' WHEN 1 THEN 'C2110' WHEN 2 THEN 'H6210' ELSE 'G5990' END, "
            f"CASE WHEN n % 3 = 0 THEN 'small' ELSE 'micro' END, "
            f"CASE WHEN n % 50 = 0 THEN 'red' WHEN n % 10 = 1 THEN 'orange' WHEN n % 3 = 0 THEN 'yellow' ELSE 'blue' END, FALSE, "
            f"'赵' || {text('n % 977')}, '{sealed}', '演示路', '', '', '', '', '', '', n % 83 + 1, '', '{{}}', 'active', CURRENT_TIMESTAMP, "
            f"33.5 + (n % 1000) / 500.0, 112.5 + (n / 1000) / 40.0, '', n % 25 = 0, n % 9 = 0 FROM s"
        )
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('accounts_organisation', 'id'), (SELECT max(id) FROM accounts_organisation))"
            )
        cursor.execute("ANALYZE")
    return start
