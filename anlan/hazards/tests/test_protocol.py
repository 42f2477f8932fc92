"""Properties of the log: one text per value, signatures over exactly it, and the same end whatever way entries take."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.hazards.models import Conflict, Finding, Hazard, Inspection, Operation
from anlan.hazards.sync import protocol
from anlan.operations.demo.cast import Cast
from tests.phone import Phone, lay_checklist, lay_visit, over

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdez_", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text("abcdez_", min_size=1, max_size=4), VALUES, max_size=4).filter(
    lambda body: protocol._depth(body) < 5
)

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
"""A busy machine may take seconds over one example; that is no finding."""


def entry(contents: dict[str, Any], **fields: Any) -> str:
    return protocol.canonical(
        {
            "v": 1, "id": str(uuid.UUID(int=1)), "device": str(uuid.UUID(int=2)), "seq": 1, "prev": "", "kind": "start",
            "task": str(uuid.UUID(int=3)), "at": 1_790_000_000_000, "body": contents,
        }
        | fields
    )  # fmt: skip


@given(BODIES)
def test_a_text_reads_back_as_what_was_written(body: dict[str, Any]) -> None:
    text = entry(body)
    found = protocol.parse(text)
    assert found.body == body
    assert protocol.canonical(json.loads(text)) == text
    assert found.hash == protocol.digest(text)


@given(BODIES, st.integers(0, 200), st.sampled_from(' 0x{}"é'))
def test_a_text_changed_anywhere_is_another_entry_or_none(body: dict[str, Any], at: int, put: str) -> None:
    text = entry(body)
    at %= len(text)
    changed = text[:at] + put + text[at + 1 :]
    if changed == text:
        return
    with contextlib.suppress(protocol.Malformed):
        assert protocol.parse(changed).hash != protocol.digest(text)


@pytest.mark.parametrize(
    "fields",
    [{"v": 2}, {"seq": 0}, {"seq": True}, {"seq": 2**40}, {"at": -1}, {"at": 2**60}, {"kind": "delete"}, {"prev": "ab"}, {"prev": None}, {"id": "x"},
     {"task": 5}, {"device": str(uuid.UUID(int=2)).upper().replace("0", "A")}, {"body": []}, {"more": 1}, {"body": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}}],
)  # fmt: skip
def test_what_no_phone_of_ours_writes_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(protocol.Malformed):
        protocol.parse(entry({}, **fields))


@pytest.mark.parametrize(
    "body",
    ['{"a":1.5}', '{"a":NaN}', '{"a":"\\u0000"}', '{"a": 1}', '{"b":1,"a":1}', '{"a":"\\ud800"}', '{"a":"\\u4e2d"}'],
)
def test_numbers_with_fractions_and_second_spellings_are_malformed(body: str) -> None:
    with pytest.raises(protocol.Malformed):
        protocol.parse(entry({}).replace('"body":{}', f'"body":{body}'))


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": 2},
    ],
)
def test_keys_that_are_none_are_refused(jwk: object) -> None:
    with pytest.raises(protocol.Malformed):
        protocol.public_key(jwk)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.integers(-(10**7), 10**7), st.none() | MOMENTS)
def test_true_time_lies_between_the_entry_before_and_now(said: datetime, error: int, after: datetime | None) -> None:
    now = datetime(2026, 12, 31, tzinfo=UTC)
    moment, doubt = protocol.true_time(said, clock_error=timedelta(seconds=error), after=after, now=now)
    assert (after or protocol.EARLIEST) <= moment <= now
    if not doubt:
        assert abs(moment - said) <= 2 * protocol.CLOCK_SLACK


@pytest.mark.django_db
def test_any_order_and_repetition_ends_as_once_in_order(cast: Cast, sign_in: Callable[[Any], Client]) -> None:
    version = lay_checklist(items=3)
    visit = lay_visit(cast.enterprise("forge"), version)
    phone = Phone(over(sign_in(cast.grid)))
    phone.register()
    phone.visit(visit, version, failed=2)
    parcels = list(phone.log.values())

    def ended() -> tuple[Any, ...]:
        return (
            Inspection.objects.values_list("state", "signed_as").get(pk=visit.pk), sorted(Finding.objects.values_list("item", "result", "note")),
            list(Hazard.objects.filter(inspection=visit).values_list("title", "item")), Conflict.objects.count(),
        )  # fmt: skip

    with transaction.atomic():
        phone.hand_in(parcels)
        wanted = ended()
        transaction.set_rollback(True)
    assert wanted[0] == ("done", "刘海涛")

    ways = st.tuples(
        st.permutations(range(len(parcels))),
        st.lists(st.integers(0, len(parcels) - 1), max_size=6),
        st.lists(st.integers(1, 4), max_size=5),
    )

    @settings(max_examples=8, deadline=None, suppress_health_check=SLOW, derandomize=True)
    @given(ways)
    def check(way: tuple[list[int], list[int], list[int]]) -> None:
        order, again, sizes = way
        queue = [*again, *order, *again]
        with transaction.atomic():
            for size in [*sizes, len(queue)]:
                batch, queue = queue[:size], queue[size:]
                phone.hand_in([parcels[n] for n in batch])
            assert ended() == wanted
            assert Operation.objects.count() == len(parcels)
            assert set(Operation.objects.values_list("outcome", flat=True)) == {"applied"}
            transaction.set_rollback(True)

    @settings(max_examples=6, deadline=None, suppress_health_check=SLOW, derandomize=True)
    @given(st.integers(0, len(parcels) - 1), st.permutations(range(len(parcels))))
    def what_follows_a_missing_entry_waits(missing: int, order: list[int]) -> None:
        with transaction.atomic():
            phone.hand_in([parcels[n] for n in order if n != missing])
            assert Operation.objects.exclude(outcome="quarantined").count() == missing
            assert Operation.objects.count() == len(parcels) - 1
            transaction.set_rollback(True)

    check()
    what_follows_a_missing_entry_waits()
