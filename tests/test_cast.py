"""The cast stands: everyone has a post, numbers are of the demo range, and laying it twice changes nothing."""

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast, lay_cast


def test_everyone_has_a_post_and_laying_twice_changes_nothing(cast: Cast) -> None:
    before = User.objects.count()
    assert all(user.post is not None for user in cast.people.values())
    lay_cast()
    assert User.objects.count() == before


def test_phone_and_id_are_not_stored_in_the_clear(cast: Cast) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, id_number FROM accounts_user")
        stored = str(cursor.fetchall())
    assert cast.worker.phone not in stored
    assert cast.worker.id_number not in stored
    assert User.objects.get(pk=cast.worker.pk).id_number == cast.worker.id_number
