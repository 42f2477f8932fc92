"""Any sequence of what people and the clock may try leaves the hazard in a legal state with a complete history."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from anlan.hazards import actions, life
from anlan.hazards.actions.escalation import escalate_late, note_overdue
from anlan.hazards.actions.steps import take
from anlan.hazards.models import Hazard, HazardStep
from anlan.hazards.tests.making import FULL, after, found
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast, lay_cast

PEOPLE = st.sampled_from(["grid", "town", "county", "manager", "boss", "worker", "other_grid", "other_boss"])
WORDS = st.sampled_from(["改好了", "不行", " "])


class Life(RuleBasedStateMachine):
    """One hazard in the hands of everybody at once."""

    cast: Cast
    hazard: Hazard

    @initialize(grade=st.sampled_from(["general", "major"]), source=st.sampled_from(["patrol", "self"]))
    def begin(self, grade: str, source: str) -> None:
        self.point = transaction.atomic()
        self.point.__enter__()
        self.cast = lay_cast()
        self.hazard = found(
            self.cast, grade=grade, criterion="粉尘", source=source, by=self.cast.manager if source == "self" else None
        )
        self.seen = [self.hazard.version, self.hazard.level]

    def teardown(self) -> None:
        if hasattr(self, "point"):
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    def attempt(self, action: Any, who: str, **given: Any) -> None:
        before = Hazard.objects.values().get(pk=self.hazard.pk)
        steps = HazardStep.objects.filter(hazard=self.hazard).count()
        try:
            with transaction.atomic():
                action(Hazard.objects.get(pk=self.hazard.pk), by=self.cast.people[who], **given)
        except Refused:
            assert Hazard.objects.values().get(pk=self.hazard.pk) == before
            assert HazardStep.objects.filter(hazard=self.hazard).count() == steps

    @rule(who=PEOPLE)
    def plan(self, who: str) -> None:
        self.attempt(actions.plan_hazard, who, **FULL)

    @rule(who=PEOPLE, words=WORDS)
    def cure(self, who: str, words: str) -> None:
        try:
            with transaction.atomic():
                after(Hazard.objects.get(pk=self.hazard.pk), self.cast.people[who])
        except Refused:
            pass
        self.attempt(actions.cure_hazard, who, words=words)

    @rule(
        who=PEOPLE,
        verb=st.sampled_from(["pass", "fail", "close", "self_close", "reopen", "escalate", "regrade", "note"]),
        words=WORDS,
    )
    def worded(self, who: str, verb: str, words: str) -> None:
        self.attempt(getattr(actions, f"{verb}_hazard"), who, words=words)

    @rule(who=PEOPLE)
    def fixer(self, who: str) -> None:
        self.attempt(actions.reassign_hazard, who, fixer=self.cast.manager)

    @rule(who=PEOPLE, days=st.integers(-2, 20))
    def ask(self, who: str, days: int) -> None:
        hazard = Hazard.objects.get(pk=self.hazard.pk)
        assert hazard.deadline is not None
        self.attempt(actions.ask_extension, who, until=hazard.deadline + timedelta(days=days), because="等配件")

    @rule(days=st.integers(0, 40))
    def wait(self, days: int) -> None:
        today = timezone.localdate() + timedelta(days=days)
        note_overdue(today)
        escalate_late(today)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "seen"):
            return
        now = Hazard.objects.get(pk=self.hazard.pk)
        assert now.state in Hazard.State.values
        assert now.version >= self.seen[0]
        assert now.level >= self.seen[1]
        self.seen = [now.version, now.level]
        assert now.verified_by_id is None or now.verified_by_id not in (now.cured_by_id,)
        assert (now.closed_at is not None) == (now.state == "closed")
        if now.state in ("cured", "passed"):
            assert now.cured_by_id is not None
        if now.state not in ("found", "void"):
            assert now.measure
            assert now.deadline is not None
        steps = list(HazardStep.objects.filter(hazard=now).order_by("pk").values_list("verb", "before", "after"))
        assert steps[0][0] == "find"
        assert len(steps) == now.version + 1
        assert steps[-1][2] == now.state
        for (_verb, _before, left), (verb, came, _after) in itertools.pairwise(steps):
            assert came == left
            assert came in life.MOVES[verb].before


@pytest.mark.django_db
def test_no_sequence_breaks_the_life() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.django_db
def test_nobody_plays_the_clock(cast: Cast) -> None:
    for verb in ("overdue", "follow"):
        with pytest.raises(Refused):
            take(found(cast), verb, by=cast.county)
