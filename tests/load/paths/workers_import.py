"""Import of a roster of 100,000 people, xlsx, in a process of its own: from the confirmed forecast to the last row."""

import os

from tests.load.house import Figure, House
from tests.load.imports import TARGET_MB, TARGET_SECONDS
from tests.load.imports import measure as run_import

DATABASES = ("sqlite", "postgresql")


def measure(house: House) -> Figure:
    """Import once; the memory is that of the importing process."""
    found = run_import(os.environ.get("ANLAN_DATABASE_URL", ""))
    more = {name: found[name] for name in ("rows", "created", "upload_s", "check_s", "cpu_s", "peak_mb")}
    target = f"< {TARGET_SECONDS:.0f} s, < {TARGET_MB} MB"
    return Figure(float(str(found["value"])), "s for 100,000", target, bool(found["ok"]), more=more)
