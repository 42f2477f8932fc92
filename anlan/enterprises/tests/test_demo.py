from anlan.enterprises.models import Enterprise, Roster, Worker
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.enterprises import lay_enterprises


def test_the_demo_fills_the_firms_of_the_cast_and_running_it_again_changes_nothing(cast: Cast) -> None:
    lay_enterprises(cast)
    counts = {
        key: Worker.objects.working().filter(enterprise=cast.enterprise(key)).count()
        for key in ("forge", "bakery", "luoyang")
    }
    assert counts == {"forge": 42, "bakery": 63, "luoyang": 37}
    roster = Roster.objects.get(enterprise=cast.enterprise("forge"))
    assert (roster.state, roster.created, roster.refused) == ("done", 2, 3)
    assert Enterprise.objects.count() == 63 and set(Enterprise.objects.values_list("risk", flat=True)) == {
        "red",
        "orange",
        "yellow",
        "blue",
    }
    assert all("（演示）" in str(firm) for firm in Enterprise.objects.select_related("organisation"))
    workers = Worker.objects.count()
    lay_enterprises(cast)
    assert (Worker.objects.count(), Enterprise.objects.count(), Roster.objects.count()) == (workers, 63, 1)
