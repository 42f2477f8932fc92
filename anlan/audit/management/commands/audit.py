"""`anlan audit seal|verify|export FILE`: the chain from the command line."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from anlan.audit.chain import canonical
from anlan.audit.models import Record
from anlan.audit.tasks import seal, verify_chain


class Command(BaseCommand):
    """Seal, verify or export the record of who did what."""

    help = "封存、核对或导出操作记录。verify 发现改动时退出码为 1。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and, for export, the file: `.csv` for people, else JSON lines that can be verified elsewhere."""
        parser.add_argument("verb", choices=["seal", "verify", "export"])
        parser.add_argument("file", nargs="?", default="")

    def handle(self, *args: Any, verb: str, file: str, **options: Any) -> None:
        """Run the verb."""
        if verb == "seal":
            self.stdout.write(f"封存了 {seal()} 条。")
        elif verb == "verify":
            verdict = verify_chain()
            if not verdict.intact:
                raise CommandError(f"链在第 {verdict.position} 条断开：{verdict.why}")
            waiting = Record.objects.unsealed().count()
            self.stdout.write(f"核对了 {verdict.checked} 条，没有改动；{waiting} 条等待封存。")
        else:
            if not file:
                raise CommandError("请写明导出到哪个文件：anlan audit export FILE（.csv 或 .jsonl）。")
            self.stdout.write(f"导出了 {_export(Path(file))} 条到 {file}。")


def _export(path: Path) -> int:
    n = 0
    with path.open("w", encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="") as out:
        if path.suffix == ".csv":
            from anlan.audit.sheet import HEAD, line

            writer = csv.writer(out)
            writer.writerow(HEAD)
            for n, record in enumerate(Record.objects.order_by("id").iterator(2000), 1):  # noqa: B007
                writer.writerow(line(record))
        else:
            for n, record in enumerate(Record.objects.sealed().iterator(2000), 1):  # noqa: B007
                row = {**canonical(record), "digest": record.digest}
                out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    return n
