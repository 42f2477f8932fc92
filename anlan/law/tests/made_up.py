"""Invented statutes for tests: no official text stands in this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

LAWS = Path(__file__).resolve().parents[4] / "shared" / "data" / "laws"
"""The official texts, where they lie beside the repository."""
needs_laws = pytest.mark.skipif(not (LAWS / "MANIFEST.csv").exists(), reason="the official texts are not here")

LANTERN = """# 中华人民共和国灯笼安全法

2010年3月1日 第一届灯会第一次会议通过

<!-- INFO END -->

## 第一章 总 则

第一条 为了挂好灯笼，制定本法。

第二条 挂灯笼的单位应当做到：

（一）绳子结实；

（二）蜡烛离纸三寸。

第二条之一 电灯笼不用蜡烛的，不适用前条第二项。

## 第二章 挂 灯

### 第一节 高处

第三条 高处挂灯笼应当两人同行。

一人扶梯，一人挂灯。

## 第三章 附 则

第四条 本法自2010年5月1日起施行。《纸灯暂行办法》同时废止。
"""
"""The first version, in the layout of one collection."""

LANTERN_2020 = """---
sidebar: auto
---

# 中华人民共和国灯笼安全法

2010年3月1日第一届灯会第一次会议通过

根据2020年6月1日第二届灯会第三次会议《关于修改〈中华人民共和国灯笼安全法〉的决定》修正

## 第一章　总则

**第一条**　为了挂好灯笼，保护行人，制定本法。

**第二条**　灯笼安全工作人人有责。

**第三条**　挂灯笼的单位应当做到：

（一）绳子结实；

（二）蜡烛离纸三寸。

## 第二章　挂灯

### 第一节　高处

**第四条**　高处挂灯笼应当两人同行，系好安全带。

一人扶梯，一人挂灯。

## 第三章　附则

**第五条**　本法自2010年5月1日起施行。
"""
"""The same ten years later, in the layout of the other: one article new, one gone, two changed, one moved."""

PAPER = """# 纸灯暂行办法

1999年1月1日 灯会办公室令第1号公布

<!-- INFO END -->

第一条 纸灯用厚纸。

第二条 本办法自公布之日起施行。
"""


def put(root: Path, **files: str) -> Path:
    """Write files into a folder; `a__b` as name means `a/b.md`."""
    for name, words in files.items():
        path = root / (name.replace("__", "/") + ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
    return root
