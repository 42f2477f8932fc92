"""`anlan search`: build the index, measure relevance, learn."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test import override_settings

from anlan.search import evaluating, learning, ranking, tasks, training
from anlan.search.actions import Found, index_many
from anlan.search.engine import engine
from anlan.search.models import Document

PATIENCE = 120.0
"""Seconds that a measurement waits for a worker that is indexing."""


class Command(BaseCommand):
    """Operate search."""

    help = "Build the search index, measure relevance on questions with known answers, learn the ranking."

    def add_arguments(self, parser: Any) -> None:
        """One sub-command each."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("build", help="build the index anew and learn from all documents")
        verbs.add_parser("follow", help="take over what changed")
        verbs.add_parser("learn", help="count rare words and cited statutes anew")
        measure = verbs.add_parser("eval", help='recall and latency on {"q", "gold"} lines')
        measure.add_argument("file", type=Path)
        measure.add_argument(
            "--docs", type=Path, help="measure on these documents (*.jsonl, fields of Found and kind), not on the house"
        )
        measure.add_argument("--half", type=int, choices=(0, 1), help="only this half of the questions")
        measure.add_argument("--topics", action="store_true", help="a line for every topic too")
        train = verbs.add_parser("train", help="learn the weights of the ranking from questions")
        train.add_argument("file", type=Path, nargs="+")
        train.add_argument("--half", type=int, choices=(0, 1), help="learn from this half only")
        train.add_argument("--into", type=Path, default=ranking.WEIGHTS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how long it took."""
        start = time.perf_counter()
        getattr(self, f"_{options['verb']}")(options)
        self.stderr.write(f"{time.perf_counter() - start:.1f} s")

    def _build(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{engine().rebuild()} documents indexed, {learning.learn()} articles learned from")

    def _follow(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{engine().follow()} documents taken over")

    def _learn(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{learning.learn()} articles learned from")

    def _eval(self, options: dict[str, Any]) -> None:
        if not options["file"].is_file():
            raise CommandError(f"{options['file']} is not there")
        if not options["docs"]:
            self._catch_up()
            self._measure(options)
            return
        # A house of its own for the moment: nothing of it is kept.
        with tempfile.TemporaryDirectory() as folder, transaction.atomic():
            Document.objects.all().delete()
            for path in sorted(options["docs"].glob("*.jsonl")):
                rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
                for kind in {row.get("kind", "article") for row in rows}:
                    index_many(kind, (_found(row) for row in rows if row.get("kind", "article") == kind))
            with override_settings(ANLAN_SEARCH_URL=f"tantivy:{folder}"):
                engine().rebuild()
                learning.learn()
                learning.forget()
                self._measure(options)
            transaction.set_rollback(True)
        learning.forget()

    def _catch_up(self) -> None:
        """Measure what is there, also right after an import and where no worker runs; one that runs does it itself."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if taken := tasks.follow():
                    self.stderr.write(f"{taken} documents taken over")
                break
            except ValueError as error:  # what Tantivy raises while the worker holds the index for writing
                if "LockBusy" not in str(error):
                    raise
                if time.monotonic() > until:
                    raise CommandError("the worker is still taking over documents; ask again in a minute") from None
                time.sleep(1)
        learning.forget()

    def _measure(self, options: dict[str, Any]) -> None:
        asked = evaluating.questions(options["file"])
        if options["half"] is not None:
            asked = [question for question in asked if question.half == options["half"]]
        for question in asked:
            for name in question.unknown:
                self.stderr.write(f"not in the index: {name}")
        evaluating.evaluate(asked[:20])  # warm
        if options["topics"]:
            for topic in sorted({question.topic for question in asked}):
                self.stdout.write(f"{topic:22} {evaluating.evaluate(q for q in asked if q.topic == topic)}")
        self.stdout.write(str(evaluating.evaluate(asked)))

    def _train(self, options: dict[str, Any]) -> None:
        asked = [question for path in options["file"] for question in evaluating.questions(path)]
        if options["half"] is not None:
            asked = [question for question in asked if question.half == options["half"]]
        weights = training.fit(list(evaluating.examples(asked)))
        kept = dict(zip(ranking.FEATURES, (round(float(w), 4) for w in weights), strict=True))
        # No bridge in the questions' own data: its weight is a decision, not a lesson.
        kept["bridge"] = 4.0
        options["into"].write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
        ranking.weights.cache_clear()
        self.stdout.write(json.dumps(kept, ensure_ascii=False))


def _found(row: dict[str, Any]) -> Found:
    return Found(**{name: value for name, value in row.items() if name in Found.__dataclass_fields__})
