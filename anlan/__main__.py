"""The command `anlan`: every management command of every app under one name."""

import os
import sys


def main() -> None:
    """Run a command: `anlan up`, `anlan migrate`, `anlan certificates verify FILE`, …"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["anlan", *sys.argv[1:]])


if __name__ == "__main__":
    main()
