"""`anlan law import PATH`, `anlan law fetch …`, `anlan law index`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.law.actions.fetching import fetch_collection, fetch_national
from anlan.law.actions.importing import run_import
from anlan.law.actions.naming import name_statutes
from anlan.law.actions.settling import settle_dates, tell_search
from anlan.law.actions.translating import take_translations
from anlan.law.clients.national import KINDS
from anlan.law.models import Import, Statute, Version


class Command(BaseCommand):
    """Bring statutes in and keep them right."""

    help = "导入法规文本（Markdown、Word）、从网络收取、重建检索。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        bring = verbs.add_parser("import", help="导入一个文件夹或一份文件")
        bring.add_argument("path", type=Path)
        bring.add_argument("--report", type=Path, help="把全部疑点写成文本文件")
        fetch = verbs.add_parser("fetch", help="从国家法律法规数据库或公开文本库收取，每秒至多一次请求")
        fetch.add_argument("source", choices=("national", "collection"))
        fetch.add_argument("--kind", action="append", choices=tuple(KINDS), help="类别，可写几次；默认全部")
        fetch.add_argument("--since", type=date.fromisoformat, help="公布日期从哪天起（2026-01-31）；默认最近 45 天")
        fetch.add_argument("--title", default="", help="只收标题里有这几个字的，不限日期")
        fetch.add_argument("--limit", type=int, default=500, help="最多几份")
        translate = verbs.add_parser("translate", help="读入译文：CSV，列为 slug,key,ref,language,text")
        translate.add_argument("path", type=Path)
        translate.add_argument("--source", default="", help="译文的出处，显示在译文下面")
        verbs.add_parser("index", help="重算版本的起止日期，并把法规重新交给检索")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked and say what came of it."""
        getattr(self, options["verb"] + "_")(options)

    def import_(self, options: dict[str, Any]) -> None:
        """Import a folder; a second time adds nothing."""
        path: Path = options["path"].expanduser().resolve()
        if not path.exists():
            raise CommandError(f"没有这个文件或文件夹：{path}")
        name_statutes()
        run = run_import(Import.objects.create(source=path.name, path=str(path), by_name="命令行"), path)
        self.stdout.write(
            f"读到 {run.total} 份：新增 {run.added} 个版本，已有 {run.same} 份，不是法规 {run.skipped} 份；"
            f"疑点 {sum(1 for row in run.report if row['what'] != 'skipped')} 条。"
        )
        if options["report"]:
            lines = [f"{row['file']}\t{row['words']}" for row in run.report]
            options["report"].write_text("\n".join(lines) + "\n", encoding="utf-8")
            self.stdout.write(f"疑点写在 {options['report']}。")

    def translate_(self, options: dict[str, Any]) -> None:
        """Put translations beside the articles."""
        try:
            taken = take_translations(options["path"], source=options["source"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        for words in taken.refused:
            self.stderr.write(words)
        self.stdout.write(f"存入 {taken.written} 条译文，{len(taken.refused)} 行没有存。")

    def index_(self, options: dict[str, Any]) -> None:
        """Settle dates and tell search about all statutes."""
        settle_dates()
        with_text = Version.objects.values("statute")
        changed = tell_search(Statute.objects.filter(pk__in=with_text).values_list("pk", flat=True))
        self.stdout.write(f"检索更新了 {changed} 条。")

    def fetch_(self, options: dict[str, Any]) -> None:
        """Fetch from the network; what could not be had is said, with the way around."""
        if options["source"] == "collection":
            run = fetch_collection(limit=options["limit"])
        else:
            run = fetch_national(
                options["kind"] or list(KINDS), since=options["since"], title=options["title"], limit=options["limit"]
            )
        for row in run.report:
            if row["what"] == "missed":
                self.stdout.write(f"  {row['words']}")
        self.stdout.write(f"新增 {run.added} 个版本，已有 {run.same} 份。")
        if run.state == Import.State.FAILED:
            raise CommandError(run.words)
