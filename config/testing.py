"""The environment of a test run, as a pytest plugin: settings are read before any conftest, so this must come first
(`-p config.testing` in pyproject.toml). Every run has its own state folder and is a demo."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

os.environ.setdefault("ANLAN_VAR", tempfile.mkdtemp(prefix="anlan-test-"))
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # Workers inherit the folder of the run; rows of theirs have the same numbers, so their files must not meet.
    os.environ["ANLAN_VAR"] = os.path.join(os.environ["ANLAN_VAR"], worker)
Path(os.environ["ANLAN_VAR"], "static").mkdir(parents=True, exist_ok=True)
os.environ.setdefault("ANLAN_DEMO", "1")
if os.environ.get("ANLAN_TEST_DATABASE_URL"):
    os.environ["ANLAN_DATABASE_URL"] = os.environ["ANLAN_TEST_DATABASE_URL"]

# A busy machine may take seconds over one example; that is no finding.
settings.register_profile("house", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("house")
