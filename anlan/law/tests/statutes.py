"""A small library for tests of pages: the lantern law in two versions, what it repealed, a guide, and who cites it."""

from __future__ import annotations

from pathlib import Path

from anlan.law.actions.citing import Cite, take_citations
from anlan.law.actions.guides import cite_guides
from anlan.law.actions.importing import run_import
from anlan.law.models import Citation, Guide, Import, Statute
from anlan.law.tests.made_up import LANTERN, LANTERN_2020, PAPER, put

BODY = {
    "title": "绳子要结实", "who": "挂灯笼的单位。", "duty": ["每月看一次绳子", "蜡烛离纸三寸"], "cost": "没有规定罚款（第四条）。",
    "cost_cites": ["灯笼安全法:4"], "example": "演示灯笼坊每月一号拉一拉绳子。", "see": ["灯笼安全法:1"], "audience": ["企业负责人"],
}  # fmt: skip
ENGLISH = {
    "title": "Ropes must hold", "who": "Whoever hangs lanterns.", "duty": ["Look at the rope monthly"], "cost": "No fine.",
    "example": "Demo Lanterns pulls at each rope.",
}  # fmt: skip
BRIDGE = """# 桥灯管理条例

2021年1月1日 灯会第3次会议通过

<!-- INFO END -->

第一条 根据《中华人民共和国灯笼安全法》第三条第一款，制定本条例。

第二条 违反本条例第一条或者灯笼安全法第四条的，予以劝告。

第三条 本条例自2021年2月1日起施行。
"""


def bring(root: Path) -> Import:
    """Import a folder."""
    return run_import(Import.objects.create(source=root.name), root)


def lay_old(root: Path) -> Statute:
    """The lantern law of 2010 alone, with a guide to its second article."""
    bring(put(root / "old", 社会法__灯笼安全法=LANTERN))
    statute = Statute.objects.get(slug="灯笼安全法")
    Guide.objects.create(statute=statute, ref="2", body=BODY, english=ENGLISH, digest="x")
    cite_guides()
    return statute


def lay_new(root: Path) -> None:
    """The version of 2020, which renumbers, and a local rule that cites it."""
    bring(put(root / "new", 甲__灯笼安全法=LANTERN_2020, 乙__桥灯管理条例=BRIDGE, 部门规章__纸灯暂行办法=PAPER))


def cite(kind: str = Citation.Kind.CHECK, ref: str = "灯笼安全法:3", key: str = "a", **more: object) -> int:
    """One text of ours that cites the law."""
    return take_citations(kind, [Cite(key, "登高挂灯有没有人扶梯", (ref,), "/x/", **more)])  # type: ignore[arg-type]
