"""The fixtures of the house; the environment of a run is set in `config.testing`."""

pytest_plugins = ["tests.cast"]
