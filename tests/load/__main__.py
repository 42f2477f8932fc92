"""`python -m tests.load [--table] [--runs N] [name…]`: a line that describes the machine, then one JSON line per path and
database. `--table` also writes the table of docs/performance.md: the median of the runs, and how far they lay apart."""

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

PATHS = sorted(path.stem for path in (Path(__file__).parent / "paths").glob("[a-z]*.py"))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- table: python -m tests.load --table -->", "<!-- end of table -->"
Line = dict[str, Any]


def machine() -> str:
    """Return what the figures depend on: processors, memory, system, Python."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load from the same machine (1-minute load {os.getloadavg()[0]:.1f})"
    )


def main() -> int:
    """Measure the named paths, or all; each database in a process of its own, whose settings name it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(PATHS)}")
    parser.add_argument("--table", action="store_true", help="write the table of docs/performance.md")
    parser.add_argument("--runs", type=int, default=0, help="how often to measure (3 with --table, else once)")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(PATHS):
        parser.error(f"no such path: {', '.join(sorted(unknown))}; there are {', '.join(PATHS)}")
    before = machine()
    print(before, flush=True)  # noqa: T201
    lines: list[Line] = []
    for _run in range(asked.runs or (3 if asked.table else 1)):
        lines += _run_all(asked.names)
    if asked.table:
        write_table(lines, before)
    return 0 if lines and all(line["ok"] for line in lines) else 1


def _run_all(names: list[str]) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        lines = _house("sqlite", "", Path(folder) / "sqlite", names)
        if server := os.environ.get("ANLAN_TEST_POSTGRES_URL"):
            import psycopg

            name = f"anlan_bench_{secrets.token_hex(4)}"
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f'CREATE DATABASE "{name}"')
                try:
                    lines += _house("postgresql", f"{server.rsplit('/', 1)[0]}/{name}", Path(folder) / "pg", names)
                finally:
                    admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        else:
            print("PostgreSQL was not measured: set ANLAN_TEST_POSTGRES_URL.", file=sys.stderr)  # noqa: T201
    return lines


def _house(database: str, url: str, var: Path, names: list[str]) -> list[Line]:
    """Measure on one database; print each line as it comes. A house that falls is an error, not a figure."""
    environment = {**os.environ, "ANLAN_VAR": str(var), "ANLAN_DEMO": "1", "ANLAN_LOG_LEVEL": "ERROR"}
    environment.pop("ANLAN_DATABASE_URL", None)
    if url:
        environment["ANLAN_DATABASE_URL"] = url
    command = [sys.executable, "-m", "tests.load.house", database, *(names or PATHS)]
    lines: list[Line] = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as house:
        assert house.stdout is not None
        for text in house.stdout:
            print(text, end="", flush=True)  # noqa: T201
            if text.startswith("{"):
                lines.append(json.loads(text))
    if house.returncode not in (0, 2):  # 2: a figure was missed
        raise SystemExit(f"the measurement on {database} ended with {house.returncode}")
    return lines


def write_table(lines: list[Line], described: str) -> None:
    """Put the figures between the markers of docs/performance.md; what stands around them is kept."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise SystemExit(f"{PAGE} has no place for a table ({BEGIN} … {END})")
    PAGE.write_text(f"{head}{BEGIN}\n{table(lines, described)}{END}{tail}", encoding="utf-8")


def table(lines: list[Line], described: str) -> str:
    """The figures as Markdown: of each path and database the median of all runs, and from where to where they went."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line["path"], line["database"]), []).append(line)
    runs = max(map(len, groups.values()))
    text = [
        f"{date.today():%Y-%m-%d}, {runs} runs. {described}.", "",  # noqa: DTZ011 (the day of the person who measures)
        "| path | database | value | unit | from – to | p50 ms | p99 ms | processor ms | target | ok |",
        "| --- | --- | ---: | --- | --- | ---: | ---: | ---: | --- | --- |",
    ]  # fmt: skip
    for (path, database), found in sorted(groups.items()):
        values = [line["value"] for line in found]
        middle = [_middle(found, name) for name in ("p50", "p99", "cpu_ms")]
        good = sum(line["ok"] for line in found)
        verdict = "yes" if good == len(found) else f"{good} of {len(found)} runs" if good else "no"
        text.append(
            f"| {path} | {database} | {median(values):,.1f} | {found[0]['unit']} | {min(values):,.1f} – {max(values):,.1f} "
            f"| {middle[0]} | {middle[1]} | {middle[2]} | {found[0]['target']} | {verdict} |"
        )
    return "\n".join([*text, ""])


def _middle(lines: list[Line], name: str) -> str:
    values = [line[name] for line in lines if line.get(name) is not None]
    return f"{median(values):,.1f}" if values else "–"


if __name__ == "__main__":
    sys.exit(main())
