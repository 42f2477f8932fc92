"""A record as a line of a spreadsheet."""

from typing import Final

from django.utils import timezone

from anlan.audit.models import Record

HEAD: Final = (
    "序号",
    "时间",
    "人员",
    "身份",
    "做了什么",
    "对象类别",
    "对象",
    "对象编号",
    "区划",
    "细节",
    "地址",
    "链上位置",
    "摘要",
)


def _safe(text: str) -> str:
    """Text that a spreadsheet does not run as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def line(record: Record) -> list[str]:
    """Return the cells of a record, in the order of HEAD."""
    cells = (
        record.pk, f"{timezone.localtime(record.at):%Y-%m-%d %H:%M:%S}", record.actor_name, record.actor_post,
        record.words, record.kind_words, record.subject_name, record.subject_id, record.region_code,
        "；".join(f"{key}：{value}" for key, value in record.facts), record.address, record.position or "", record.digest,
    )  # fmt: skip
    return [_safe(str(cell)) for cell in cells]
