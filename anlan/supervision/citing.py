"""Which articles the questions and the penalties of the self-check rest on, for the law to show and to watch."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.law.actions.citing import Cite
from anlan.supervision.selfcheck.questionnaires import questions_of, shipped


def citations() -> Iterator[Cite]:
    """Every question of every industry; a question that several industries share stands once, with the first of them."""
    seen: set[str] = set()
    for code, one in shipped().items():
        for question in questions_of(one.body):
            refs = (*question["cites"], *(question["penalty"]["cites"] if question["penalty"] else ()))
            if refs and question["text"] not in seen:
                seen.add(question["text"])
                url = reverse("supervision:selfcheck", args=[code])
                yield Cite(f"{code}:{question['key']}", question["text"], refs=refs, url=url, is_public=True)
