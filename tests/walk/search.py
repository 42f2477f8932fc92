"""Search: results for everybody, terms and quality for editors."""

from typing import Any

from anlan.operations.demo.cast import Cast
from anlan.search.models import Term
from tests.walk.people import EDITORS, EVERYONE

ALLOWED = {
    "search:results": ("GET", "", EVERYONE),
    "search:suggest": ("GET", "", EVERYONE),
    "search:click": ("GET", "", frozenset[str]()),  # without a document: 404 for everybody; see search's own tests
    "search:terms": ("GET", "", EDITORS),
    "search:term_new": ("GET", "", EDITORS),
    "search:term": ("GET", "term", EDITORS),
    "search:term_switch": ("POST", "term", EDITORS),
    "search:quality": ("GET", "", EDITORS),
    "search:quality_table": ("GET", "", EDITORS),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return an entry of the thesaurus."""
    return {"term": [Term.objects.create(kind="synonym", lay=["演示说法"], formal=["演示用语"]).pk]}
