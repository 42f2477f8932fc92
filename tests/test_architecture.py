"""What import-linter cannot see: the order of the apps holds for foreign keys, files stay short, migrations stand alone."""

import ast
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
ORDER: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
][0]["layers"]
LIMIT = 500
SOURCES = sorted(path for path in (ROOT / "anlan").rglob("*.py") if "/migrations/" not in str(path))


def height(app: str) -> int:
    return ORDER.index(app)


def test_every_app_stands_in_the_order_and_in_the_settings() -> None:
    folders = {path.parent.name for path in (ROOT / "anlan").glob("*/__init__.py")}
    assert folders == set(ORDER)
    installed = {
        config.name.removeprefix("anlan.") for config in apps.get_app_configs() if config.name.startswith("anlan.")
    }
    assert installed == folders - {"lib"}


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("anlan."):
            continue
        for field in model._meta.get_fields():
            target = field.related_model
            ours = field.concrete and isinstance(target, type) and target.__module__.startswith("anlan.")
            if ours and height(model._meta.app_label) > height(target._meta.app_label):
                wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_a_person_reads(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LIMIT


def test_migrations_import_no_app_code() -> None:
    wrong = []
    for path in (ROOT / "anlan").rglob("migrations/0*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            # Field classes of lib are part of the schema; everything else of ours may change under an old migration.
            wrong += [
                f"{path.name}: {name}" for name in names if name.startswith("anlan") and name != "anlan.lib.fields"
            ]
    assert wrong == []


def test_actions_never_see_a_request() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "/actions" in str(path)
        and "files/actions.py" not in str(path)
        and "HttpRequest" in path.read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_templates_have_no_inline_style_or_script() -> None:
    wrong = []
    for path in (ROOT / "anlan").rglob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        if " style=" in text or "<script>" in text or " onclick=" in text or "javascript:" in text:
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_icons_used_are_in_the_sprite() -> None:
    import re

    known = set((ROOT / "web" / "icons.txt").read_text(encoding="utf-8").split())
    used = set()
    for path in (ROOT / "anlan").rglob("*.html"):
        used |= set(re.findall(r"""{% icon ["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8")))
    assert used <= known


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    """Return every address of our own as (namespaced name, pattern)."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{entry.namespace}:" if entry.namespace else ""
            found += patterns(entry, prefix + space)
        else:
            found.append((prefix + (entry.name or str(entry.pattern)), entry))
    return found


def test_every_address_is_in_the_walk() -> None:
    from tests.walk import ALLOWED

    ours = {name for name, pattern in patterns() if getattr(pattern.callback, "__module__", "").startswith("anlan.")}
    assert ours - set(ALLOWED) == set(), "add these addresses to tests/walk.py with the roles that may enter"
    assert set(ALLOWED) - ours == set(), "these addresses are gone"
