"""`anlan regions load 41`: the region tree from the official table."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from anlan.accounts.actions import load_regions


class Command(BaseCommand):
    """Load the divisions of a province, or of the country."""

    help = "按官方区划表更新区划：anlan regions load 41（省级代码），或 all。可以反复执行，网格保留。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and the province."""
        parser.add_argument("verb", choices=["load"])
        parser.add_argument("province", help="两位省级代码，或 all")

    def handle(self, *args: Any, verb: str, province: str, **options: Any) -> None:
        """Load and say what changed."""
        if province != "all" and not (province.isdigit() and len(province) == 2):
            raise CommandError("请写两位省级代码（例如 41）或 all。")
        start = time.monotonic()
        try:
            loaded = load_regions(settings.WEB_DIST / "regions", "" if province == "all" else province)
        except FileNotFoundError:
            raise CommandError("没有区划表，请先执行 anlan frontend。") from None
        except LookupError:
            raise CommandError(f"区划表里没有代码为 {province} 的省份。") from None
        n = loaded.levels
        self.stdout.write(
            f"省级 {n[1]}、市级 {n[2]}、县级 {n[3]}、乡级 {n[4]}；"
            f"新增 {loaded.created}，更新 {loaded.changed}，关闭 {loaded.closed}；用时 {time.monotonic() - start:.1f} 秒。"
        )
