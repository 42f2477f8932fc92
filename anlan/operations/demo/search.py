"""Queries of an invented fortnight, so that the report of search quality has something to say."""

from datetime import timedelta

from django.utils import timezone

from anlan.operations.demo.cast import Cast
from anlan.search.models import Trace

ASKED = (
    ("工伤认定要什么材料", 31, 60, 22), ("老板拖欠工资怎么办", 27, 74, 19), ("安法38", 24, 101, 21), ("有限空间作业", 18, 66, 11),
    ("触电", 16, 40, 14), ("没签合同双倍工资", 14, 80, 9), ("电动车充电起火", 9, 52, 5), ("叉车证几年一换", 7, 38, 0),
    ("年终奖离职还发吗", 6, 44, 0), ("鎏金作坊", 4, 0, 0), ("二维码巡检怎么贴", 3, 0, 0),
)  # fmt: skip


def lay_search(cast: Cast) -> None:
    """Lay the traces once; later starts find them."""
    today = timezone.localdate()
    Trace.objects.bulk_create(
        [
            Trace(
                day=today - timedelta(days=age), words=words, count=max(1, n * (14 - age) // 40),
                found=found, clicks=clicks * (14 - age) // 40, rank_sum=2 * (clicks * (14 - age) // 40),
            )
            for age in range(13)
            for words, n, found, clicks in ASKED
            if n * (14 - age) // 40
        ],
        ignore_conflicts=True,
    )  # fmt: skip
