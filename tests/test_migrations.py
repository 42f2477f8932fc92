"""Tests lay their tables from the models, which is ten times faster than from the migrations. That the migrations lay the
same: the journeys build their house with them on SQLite, this on the server of the run; `make lint` compares them."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite the house of the journeys does this")
@pytest.mark.django_db(transaction=True)
def test_the_migrations_build_an_empty_database() -> None:
    name = f"anlan_migrations_{os.getpid()}"
    given = urlsplit(os.environ["ANLAN_TEST_DATABASE_URL"])
    env = os.environ | {"ANLAN_DATABASE_URL": given._replace(path=f"/{name}").geturl()}
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        for words in (["migrate", "-v0"], ["migrate", "--check"]):
            subprocess.run([sys.executable, "-m", "anlan", *words], env=env, check=True, capture_output=True, text=True)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
