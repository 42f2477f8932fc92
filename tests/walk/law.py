"""The law as everybody reads it, guides that editors put right, citations that wait."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from anlan.law.actions.citing import Cite, take_citations
from anlan.law.models import Citation
from anlan.law.tests.statutes import lay_new, lay_old
from anlan.operations.demo.cast import Cast
from tests.walk.hazards import RULES
from tests.walk.people import EDITORS, EVERYONE, TEACHER

ALLOWED = {
    "law:statutes": ("GET", "", EVERYONE),
    "law:statute": ("GET", "lantern", EVERYONE),
    "law:version": ("GET", "lantern_version", EVERYONE),
    "law:article": ("GET", "lantern_article", EVERYONE),
    "law:article_in": ("GET", "lantern_article_in", EVERYONE),
    "law:compare": ("GET", "lantern", EVERYONE),
    "law:go": ("GET", "lantern", EVERYONE),
    "law:similar": ("GET", "lantern_article", EVERYONE),
    "law:qr": ("GET", "lantern_article", EVERYONE),
    "law:stale": ("GET", "", EDITORS | TEACHER | RULES),
    "law:review": ("POST", "lantern_cite", EDITORS),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return the lantern law in two versions, with a question of the site that cites the older one."""
    root = Path(mkdtemp(prefix="anlan-walk-"))
    slug = lay_old(root).slug
    take_citations(Citation.Kind.FAQ, [Cite("walk", "登高挂灯有没有人扶梯", (f"{slug}:3",))])
    lay_new(root)
    return {
        "lantern": [slug], "lantern_version": [slug, "2010-03-01"], "lantern_article": [slug, "4"],
        "lantern_article_in": [slug, "2010-03-01", "3"],
        "lantern_cite": [Citation.objects.get(kind=Citation.Kind.FAQ, key="walk").pk],
    }  # fmt: skip
