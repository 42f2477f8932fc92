"""`anlan extract make FILE.xlsx --rows 100000 [--dirty]`: an extract of invented firms."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anlan.enterprises.extract_making import TOWNS, clean_rows, dirty_rows
from anlan.lib.xlsx import write_rows

MOST = 900_000


class Command(BaseCommand):
    """Make extracts for trying and measuring."""

    help = "Make a registration extract of invented firms: anlan extract make FILE.xlsx --rows 100000 [--dirty]"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, the file, how many rows, and how."""
        parser.add_argument("verb", choices=["make"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--rows", type=int, default=100)
        parser.add_argument(
            "--county", default="410105", help="division code of the county that the codes are made for"
        )
        parser.add_argument("--towns", nargs="+", default=list(TOWNS), help="names of the towns that the firms lie in")
        parser.add_argument(
            "--dirty", action="store_true", help="damaged codes, repeats, closed firms, towns that are gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        rows = max(1, min(MOST, options["rows"]))
        make = dirty_rows if options["dirty"] else clean_rows
        write_rows(options["file"], {"企业名录": make(rows, options["county"], options["towns"])})
        self.stdout.write(f"{options['file']}：{rows:,} 行")
