"""Import of a roster of 100,000 people, xlsx: from the stored file to the last committed row, in a process of its own.

`python -m tests.load.imports [--rows N] [--dirty]` measures on the database of ANLAN_DATABASE_URL (SQLite in a
temporary folder without it) and prints one JSON line. The database is migrated first; the firm is new.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET_SECONDS = 30.0
TARGET_MB = 1024


def measure(database_url: str = "", rows: int = 100_000, *, dirty: bool = False) -> dict[str, object]:
    """Run the import in a fresh process and return its fields: path, database, value, unit, peak_mb, target, ok."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as var:
        env = os.environ | {"ANLAN_VAR": var, "ANLAN_DEMO": "1"}
        env.pop("ANLAN_DATABASE_URL", None)
        if database_url:
            env["ANLAN_DATABASE_URL"] = database_url
        command = [sys.executable, "-m", "tests.load.imports", "--child", var, "--rows", str(rows)]
        done = subprocess.run([*command, *(["--dirty"] if dirty else [])], env=env, check=True, stdout=subprocess.PIPE)
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found


def _child(var: Path, rows: int, dirty: bool) -> dict[str, object]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    file = var / "roster.xlsx"
    subprocess.run(
        [sys.executable, "-m", "anlan", "roster", "make", str(file), "--rows", str(rows), *(["--dirty"] if dirty else [])],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    from anlan.accounts.models import Organisation, Post, User
    from anlan.enterprises.actions import check_roster, import_roster, start_roster, upload_roster
    from anlan.enterprises.models import Enterprise, Roster

    firm = Organisation.objects.create(kind="enterprise", name="装载测试厂（演示）", region_code="410105", is_demo=True)
    enterprise = Enterprise.objects.create(organisation=firm, industry="C3393")
    boss = User.objects.create_user(name="测试员", is_demo=True)
    Post.objects.create(user=boss, role_id="safety_manager", organisation=firm)
    begin = time.perf_counter()
    with file.open("rb") as content:
        roster = upload_roster(enterprise, content, file.name, by=boss)
    uploaded = time.perf_counter()
    check_roster(roster.pk)
    checked = time.perf_counter()
    roster.refresh_from_db()
    cpu = time.process_time()
    start_roster(roster, by=boss)
    import_roster(roster.pk)
    finished, cpu = time.perf_counter(), time.process_time() - cpu
    roster.refresh_from_db()
    if (
        roster.state != Roster.State.DONE
        or roster.created + roster.refused + roster.unchanged + roster.updated != roster.rows
    ):
        raise SystemExit(f"the import ended as {roster.state}: {roster.problem}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    value = finished - checked
    return {
        "path": "import of workers (xlsx)", "database": connection.vendor, "value": round(value, 1), "unit": "s", "cpu_s": round(cpu, 1),
        "rows": roster.rows, "created": roster.created, "refused": roster.refused, "upload_s": round(uploaded - begin, 1),
        "check_s": round(checked - uploaded, 1), "peak_mb": own, "target": TARGET_SECONDS,
        "ok": value < TARGET_SECONDS * max(rows, 20_000) / 100_000 and finished - begin < 2 * TARGET_SECONDS and own < TARGET_MB,
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dirty", action="store_true")
    parser.add_argument("--child", type=Path)
    asked = parser.parse_args()
    if asked.child:
        result = _child(asked.child, asked.rows, asked.dirty)
    else:
        result = measure(os.environ.get("ANLAN_DATABASE_URL", ""), asked.rows, dirty=asked.dirty)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
