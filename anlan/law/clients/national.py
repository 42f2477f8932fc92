"""The national database of laws and regulations (国家法律法规数据库), by the interface of its pages since 2025.

`POST law-search/search/list` lists (newest first), `GET law-search/search/flfgDetails` tells the dates and the standing of one
text, `GET law-search/download/pc` gives a signed address of its Word file, which is the only way to the words. The interface is
not documented by its owner and has changed before: every answer is checked, and what does not fit is said, not guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from anlan.law.clients.polite import Guest, Missed

PAGE: Final = 20
STANDING: Final = {1: "已废止", 2: "已修改", 3: "现行有效", 4: "尚未生效"}
KINDS: Final[dict[str, tuple[int, ...]]] = {
    "法律": (100, 101, 102, 110, 120, 130, 140, 150, 155, 160, 170, 180, 190, 195, 200),
    "行政法规": (201, 210, 215),
    "监察法规": (220,),
    "地方法规": (221, 222, 230, 260, 270, 290, 295, 300, 305, 310),
    "司法解释": (311, 320, 330, 340, 350),
}
"""Codes of categories; a parent's code alone lists nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One text of the list."""

    id: str
    title: str
    published: date | None
    effective: date | None
    standing: int
    kind: str
    issuer: str

    @property
    def name(self) -> str:
        """A file name: title and day of publication, without what file systems refuse."""
        title = re.sub(r"[^\w（）《》、]+", "", self.title)[:80]
        return f"{title}({self.published or '无日期'})-{re.sub(r'[^0-9A-Za-z]', '', self.id)[:12]}"


def rows(guest: Guest, base: str, *, kind: str, since: date | None = None, title: str = "") -> Iterator[Row]:
    """List a category from the newest, down to those published before `since`. Raises `Missed`, `Stopped`."""
    page = 1
    while True:
        asked = {
            "searchRange": 1, "searchType": 2, "searchContent": title, "sxx": [], "gbrq": [], "sxrq": [], "gbrqYear": [],
            "flfgCodeId": list(KINDS[kind]), "zdjgCodeId": [], "orderByParam": {"order": "gbrq", "sort": "DESC"},
            "pageNum": page, "pageSize": PAGE,
        }  # fmt: skip
        answer = guest.post_json(f"{base}/law-search/search/list", asked)
        found = answer.get("rows") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise Missed("国家法律法规数据库的目录不是预期的样子，接口可能改了。")
        for raw in found:
            row = _row(raw, kind)
            if row is None:
                continue
            if since and row.published and row.published < since:
                return
            yield row
        if len(found) < PAGE or page * PAGE >= int(answer.get("total") or 0):
            return
        page += 1


def download(guest: Guest, base: str, row: Row, folder: Path) -> Path | None:
    """Fetch one text as a Word file with its dates beside it; None when the same is here already.

    Raises `Missed` when the file is cut off or is none; then nothing is left in the folder.
    """
    path = folder / f"{row.name}.docx"
    if (
        path.exists()
        and _beside(path).exists()
        and json.loads(_beside(path).read_text("utf-8")).get("status") == STANDING.get(row.standing, "")
    ):
        return None
    said = guest.get_json(f"{base}/law-search/download/pc?format=docx&bbbs={row.id}&fileId=")
    url = (said.get("data") or {}).get("url") if isinstance(said, dict) else None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Missed(f"《{row.title}》没有给出下载地址。")
    body = guest.get(url).body
    if not body.startswith(b"PK") or b"PK\x05\x06" not in body[-70000:]:
        raise Missed(f"《{row.title}》下载不完整，或不是 Word 文件。")
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(body)
    facts = {
        "title": row.title, "publish_date": str(row.published or ""), "effective_date": str(row.effective or ""),
        "status": STANDING.get(row.standing, ""), "category": row.kind, "issuer": row.issuer, "source": "国家法律法规数据库",
    }  # fmt: skip
    _beside(path).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
    return path


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _row(raw: Any, kind: str) -> Row | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("bbbs"), str) or not raw["bbbs"]:
        return None
    title = re.sub(r"<[^>]+>", "", str(raw.get("title") or "")).strip()
    if not title:
        return None
    standing = raw.get("sxx")
    return Row(
        raw["bbbs"], title, _day(raw.get("gbrq")), _day(raw.get("sxrq")),
        standing if isinstance(standing, int) else 0, str(raw.get("flxz") or kind), str(raw.get("zdjgName") or ""),
    )  # fmt: skip


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
