"""What the worker does for search: follow the documents every two seconds, learn from them every night."""

from __future__ import annotations

from typing import Final

from anlan.search import learning
from anlan.search.engine import engine
from anlan.search.models import Document, Learned

GROWN: Final = 1.2


def follow() -> int:
    """Take over what was published, changed or withdrawn; every two seconds. After the first full build, learn."""
    taken = engine().follow()
    if taken and _much_is_new():
        learning.learn()
    return taken


def learn() -> int:
    """Count rare words and cited statutes anew; every night."""
    return learning.learn()


def _much_is_new() -> bool:
    """Whether the statistics stand for a house that has since grown by a fifth: after an import."""
    known = Learned.objects.filter(name="statistics").values_list("body__documents", flat=True).first() or 0
    return Document.objects.filter(kind="article", gone=False).count() > GROWN * known
