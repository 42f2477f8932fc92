"""`python -m tests.load [name…]`: a line that describes the machine, then one JSON line per path and database."""

import os
import platform
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

PATHS = sorted(path.stem for path in (Path(__file__).parent / "paths").glob("[a-z]*.py"))


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
    names = sys.argv[1:]
    if unknown := set(names) - set(PATHS):
        sys.exit(f"no such path: {', '.join(unknown)}; there are {', '.join(PATHS)}")
    print(machine(), flush=True)  # noqa: T201
    code = 0
    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        code |= _house("sqlite", "", Path(folder) / "sqlite", names)
        if server := os.environ.get("ANLAN_TEST_POSTGRES_URL"):
            import psycopg

            name = f"anlan_bench_{secrets.token_hex(4)}"
            with psycopg.connect(server, autocommit=True) as admin:
                admin.execute(f'CREATE DATABASE "{name}"')
                try:
                    code |= _house("postgresql", f"{server.rsplit('/', 1)[0]}/{name}", Path(folder) / "pg", names)
                finally:
                    admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        else:
            print("PostgreSQL was not measured: set ANLAN_TEST_POSTGRES_URL.", file=sys.stderr)  # noqa: T201
    return code


def _house(database: str, url: str, var: Path, names: list[str]) -> int:
    environment = {**os.environ, "ANLAN_VAR": str(var), "ANLAN_DEMO": "1", "ANLAN_LOG_LEVEL": "ERROR"}
    environment.pop("ANLAN_DATABASE_URL", None)
    if url:
        environment["ANLAN_DATABASE_URL"] = url
    command = [sys.executable, "-m", "tests.load.house", database, *(names or PATHS)]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
