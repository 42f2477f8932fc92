"""The fixtures of the house; the environment of a run is set in `config.testing`."""

import pytest

pytest_plugins = ["tests.cast", "anlan.channels.tests.wechat_server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The walk first: it is the longest by far, and at the end everybody would wait for the one who walks."""
    items.sort(key=lambda item: "test_walk" not in item.nodeid)
