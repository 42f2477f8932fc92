"""`anlan recount`: compare the counters with the facts; `--swap` puts the fresh count in their place."""

from typing import Any

from django.core.management.base import BaseCommand

from anlan.supervision.recount import drift, swap, words


class Command(BaseCommand):
    """Show or mend drift."""

    help = "Compare counters with the facts."

    def add_arguments(self, parser: Any) -> None:
        """`--swap` mends."""
        parser.add_argument("--swap", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line per difference and their number."""
        found = swap() if options["swap"] else drift()
        for line in words(found):
            self.stdout.write(line)
        self.stdout.write(f"{len(found)} counters differ")
