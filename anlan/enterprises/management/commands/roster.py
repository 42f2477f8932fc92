"""`anlan roster make FILE.xlsx --rows 100000 [--dirty]`: a roster of invented people."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anlan.enterprises.roster_making import PER_ROSTER, clean_rows, dirty_rows
from anlan.lib.xlsx import write_rows


class Command(BaseCommand):
    """Make rosters for trying and measuring."""

    help = "Make a roster of invented people: anlan roster make FILE.xlsx --rows 100000 [--dirty] [--seed 1]"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, the file, how many rows, and how."""
        parser.add_argument("verb", choices=["make"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--rows", type=int, default=100)
        parser.add_argument("--seed", type=int, default=0, help="other seeds give other people (0-89)")
        parser.add_argument("--dirty", action="store_true", help="titles, odd dates, damaged numbers, repeats, totals")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        rows, seed = max(1, min(PER_ROSTER, options["rows"])), max(0, min(89, options["seed"]))
        write_rows(options["file"], {"花名册": (dirty_rows if options["dirty"] else clean_rows)(rows, seed)})
        self.stdout.write(f"{options['file']}：{rows:,} 行")
