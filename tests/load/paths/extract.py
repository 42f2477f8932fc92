"""Import of a registration extract of 100,000 firms, xlsx, in a process of its own: from the confirmed forecast to the last row."""

import itertools
import json
import os
import resource
import subprocess
import sys
import time

from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
ROWS = 100_000


def measure(house: House) -> Figure:
    """Import once; the memory is that of the importing process."""
    done = subprocess.run([sys.executable, "-m", "tests.load.paths.extract"], check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout.splitlines()[-1])
    ok = found["import_s"] < 60 and found["peak_mb"] < 1024 and found["created"] + found["refused"] + found["unchanged"] + found["updated"] == found["rows"]  # fmt: skip
    return Figure(found["import_s"], "s for 100,000", "< 60 s, < 1024 MB", ok, more=found)


def _child() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import io

    import django

    django.setup()
    from anlan.enterprises.actions.extracting import check_extract, import_extract
    from anlan.enterprises.actions.extracts import start_extract, upload_extract
    from anlan.enterprises.extract_making import dirty_rows
    from anlan.enterprises.models import Extract
    from anlan.lib.xlsx import write_rows
    from anlan.operations.demo.cast import lay_cast

    county = lay_cast().county
    file = io.BytesIO()
    write_rows(file, {"企业名录": dirty_rows(ROWS)})
    file.seek(0)
    times = [time.perf_counter()]
    extract = upload_extract(file, "extract.xlsx", by=county)
    times.append(time.perf_counter())
    check_extract(extract.pk)
    times.append(time.perf_counter())
    start_extract(extract, by=county)
    import_extract(extract.pk)
    times.append(time.perf_counter())
    extract.refresh_from_db()
    if extract.state != Extract.State.DONE:
        raise SystemExit(f"the import ended as {extract.state}: {extract.problem}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = {name: getattr(extract, name) for name in ("rows", "created", "updated", "unchanged", "refused")}
    steps = [round(b - a, 1) for a, b in itertools.pairwise(times)]
    print(json.dumps(counts | dict(zip(("upload_s", "check_s", "import_s"), steps, strict=True)) | {"peak_mb": peak}))  # noqa: T201


if __name__ == "__main__":
    _child()
