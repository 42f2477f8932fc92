"""Import of statutes as a folder of Markdown, in a process of its own: parsing, versions, identity of articles, the index rows.

The texts are those of ANLAN_BENCH_LAWS (a folder of official texts, 3,863 files in the largest that we know); without it 1,200
invented statutes of 45 articles each, every third with a second version, written for the occasion.
"""

import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
TARGET_SECONDS, TARGET_ARTICLES = 180, 147_000
STATUTES, ARTICLES = 1_200, 45


def measure(house: House) -> Figure:
    """Import once into an empty library, then again: the second run must add nothing."""
    from anlan.law.actions.importing import run_import
    from anlan.law.models import Import, Provision

    given = os.environ.get("ANLAN_BENCH_LAWS", "")
    folder = Path(given) if given else Path(tempfile.mkdtemp(prefix="anlan-bench-law-"))
    try:
        if not given:
            _write(folder)
        started = time.perf_counter()
        run = run_import(Import.objects.create(source="bench"), folder)
        seconds = time.perf_counter() - started
        articles = Provision.objects.filter(kind="article").count()
        started = time.perf_counter()
        again = run_import(Import.objects.create(source="bench again"), folder)
        more = {
            "texts": run.total, "versions": run.added, "articles": articles, "again_s": round(time.perf_counter() - started, 1),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "invented": not given,
        }  # fmt: skip
    finally:
        if not given:
            shutil.rmtree(folder, ignore_errors=True)
    rate = articles / seconds
    wanted = TARGET_ARTICLES / TARGET_SECONDS
    target = f"≥ {wanted:.0f}/s ({TARGET_ARTICLES} articles in {TARGET_SECONDS} s), again adds nothing"
    return Figure(rate, "articles/s", target, rate >= wanted and not again.added, more=more)


def _write(folder: Path) -> None:
    """Statutes of about the length of real ones; second versions renumber, change and add articles."""
    from anlan.lib.numerals import to_chinese

    for n in range(STATUTES):
        for year in (2001, 2021) if n % 3 == 0 else (2001,):
            rows = [f"# 灯笼{to_chinese(n + 1)}号安全条例", f"{year}年3月1日灯会第一次会议通过", "<!-- INFO END -->"]
            for a in range(1, ARTICLES + (3 if year == 2021 else 0)):
                if a % 9 == 1:
                    rows.append(f"## 第{to_chinese(a // 9 + 1)}章 第{a // 9 + 1}组")
                said = "应当" if (a + n) % 5 or year == 2001 else "必须"
                words = (
                    f"第{n}号灯笼的第{a * 7 % 40}种挂法{said}由两人完成，绳子、钩子和蜡烛逐一检查，检查记录保存一年。"
                )
                rows.append(f"第{to_chinese(a)}条 {words * 2}\n\n（一）检查绳子；\n\n（二）检查钩子。")
            (folder / f"灯笼{n}-{year}.md").write_text("\n\n".join(rows), encoding="utf-8")
