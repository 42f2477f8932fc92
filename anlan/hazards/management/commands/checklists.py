"""`anlan checklists load [DIR]`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anlan.hazards.actions.checklists import OURS, load_checklists


class Command(BaseCommand):
    """Bring checklists in; a file that changed makes a new version, one that did not makes none."""

    help = "Load checklists (TOML files) of the package, or of a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """One verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("load", help="read every *.toml of the folder")
        load.add_argument("path", type=Path, nargs="?", default=OURS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what changed."""
        for version in load_checklists(options["path"]):
            self.stdout.write(str(version))
