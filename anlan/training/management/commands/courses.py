"""`anlan courses import DIR|ZIP --owner CODE` and `anlan courses export SLUG FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation
from anlan.lib.errors import Refused
from anlan.training.actions.packages import export_package, import_package
from anlan.training.models import Course


class Command(BaseCommand):
    """Bring course packages in and out."""

    help = "Import and export course packages (folder or zip with course.toml)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        bring = verbs.add_parser("import", help="create a course out of a package; its media is queued")
        bring.add_argument("path", type=Path)
        bring.add_argument("--owner", required=True, help="credit code of the organisation that owns the course")
        bring.add_argument("--publish", action="store_true")
        take = verbs.add_parser("export", help="write a course as a zip")
        take.add_argument("slug")
        take.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        path: Path = options["path"]
        try:
            if options["verb"] == "import":
                owner = Organisation.objects.filter(credit_code=options["owner"]).first()
                if owner is None:
                    raise CommandError(_("没有信用代码为 %(code)s 的单位。") % {"code": options["owner"]})
                if not path.exists():
                    raise CommandError(_("找不到 %(path)s。") % {"path": path})
                course = import_package(path, owner=owner, by=None, published=options["publish"])
                self.stdout.write(f"{course.slug} {course.title}")
            else:
                found = Course.objects.filter(slug=options["slug"]).first()
                if found is None:
                    raise CommandError(_("没有代号为 %(slug)s 的课程。") % {"slug": options["slug"]})
                export_package(found, path, by=None)
                self.stdout.write(str(path))
        except Refused as refused:
            raise CommandError(str(refused.message)) from refused
