"""The environment of a test run, as a pytest plugin: settings are read before any conftest, so this must come first
(`-p config.testing` in pyproject.toml). Every run has its own state folder and is a demo."""

import os
import tempfile

os.environ.setdefault("ANLAN_VAR", tempfile.mkdtemp(prefix="anlan-test-"))
os.environ.setdefault("ANLAN_DEMO", "1")
if os.environ.get("ANLAN_TEST_DATABASE_URL"):
    os.environ["ANLAN_DATABASE_URL"] = os.environ["ANLAN_TEST_DATABASE_URL"]
