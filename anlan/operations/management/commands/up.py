"""`anlan up`: the whole house on one machine, behind one port."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Start pages, live receivers and the worker; watch them; stop them together."""

    help = "Run Anlan on this machine."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until interrupted."""
        subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--port",
                str(settings.ANLAN_PORT),
                "config.wsgi:application",
            ],
            check=True,
        )
