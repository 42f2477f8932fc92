import pytest

from anlan.operations.demo.search import lay_search
from anlan.search.models import Trace
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_invented_fortnight_of_queries_is_laid_once_and_adds_up(cast: Cast) -> None:
    lay_search(cast)
    laid = Trace.objects.count()
    lay_search(cast)
    assert Trace.objects.count() == laid > 30
    assert not any(trace.clicks > trace.count or trace.rank_sum < trace.clicks for trace in Trace.objects.all())
