"""What search may show of supervision: the self-checks that anyone can take."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.search.actions import Found
from anlan.supervision.selfcheck.questionnaires import questions_of, shipped


def documents() -> Iterator[Found]:
    """Every questionnaire, with the gaps it looks for. No query."""
    for code, one in shipped().items():
        gaps = [question["gap"] for question in questions_of(one.body) if question["gap"]]
        yield Found(
            key=code, title=f"{one.body['title']}合规自查", text="\n".join([one.body["who"], *gaps]),
            also=f"{one.body['title']}自查\n{one.body['title']}要查什么", url=reverse("supervision:selfcheck", args=[code]),
            tags=tuple(one.body["industries"]),
        )  # fmt: skip
