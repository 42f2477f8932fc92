"""Settings of the test run: its own state folder, and the fixtures of the house."""

import os
import tempfile

os.environ.setdefault("ANLAN_VAR", tempfile.mkdtemp(prefix="anlan-test-"))
os.environ.setdefault("ANLAN_DEMO", "1")
if os.environ.get("ANLAN_TEST_DATABASE_URL"):
    os.environ["ANLAN_DATABASE_URL"] = os.environ["ANLAN_TEST_DATABASE_URL"]

pytest_plugins = ["tests.cast"]
