"""The one-click people of the demo, and that they do not exist elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from anlan.accounts.models import Post, User
from anlan.operations.demo.cast import PEOPLE, Cast

pytestmark = pytest.mark.django_db


def test_the_panel_shows_one_person_for_every_role(cast: Cast) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert page.count('action="/demo/enter/') == len(PEOPLE)
    assert all(name in page for _key, name, *_rest in PEOPLE)
    assert cast.other_boss.name not in page


def test_one_click_enters_past_the_second_factor(cast: Cast) -> None:
    client = Client()
    assert client.post("/demo/enter/county_admin/").status_code == 302
    assert client.session["_auth_user_id"] == str(cast.county.pk)
    assert client.get("/people/").status_code == 200


def test_entering_as_somebody_else_leaves_nothing_behind(cast: Cast) -> None:
    client = Client()
    client.post("/demo/enter/county_admin/")
    client.session["left"] = True
    client.post("/demo/enter/worker/")
    assert client.session["_auth_user_id"] == str(cast.worker.pk)
    assert "left" not in client.session
    assert client.get("/people/").status_code == 403


def test_the_role_of_the_button_is_the_post_acted_in(cast: Cast) -> None:
    other = Post.objects.create(user=cast.worker, role_id="visitor")
    User.objects.filter(pk=cast.worker.pk).update(last_post=other)
    client = Client()
    client.post("/demo/enter/worker/")
    assert User.objects.get(pk=cast.worker.pk).post.role_id == "worker"


def test_only_a_post_enters_and_only_known_roles(cast: Cast) -> None:
    assert Client().get("/demo/enter/worker/").status_code == 405
    assert Client().post("/demo/enter/nobody/").status_code == 404


def test_real_people_are_never_entered(cast: Cast) -> None:
    User.objects.update(is_demo=False)
    assert "demo/enter" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/demo/enter/worker/").status_code == 404


def test_outside_demo_mode_it_answers_404(cast: Cast, settings: LazySettings) -> None:
    settings.ANLAN_DEMO = False
    assert Client().post("/demo/enter/worker/").status_code == 404
    page = Client().get("/accounts/login/").content.decode()
    assert "演示" not in page


def test_outside_demo_mode_the_address_is_not_there(tmp_path: Path) -> None:
    code = "import django; django.setup(); from django.urls import reverse; reverse('accounts:enter_demo', args=['worker'])"
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "ANLAN_VAR": str(tmp_path), "ANLAN_DEMO": "0", "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    assert "NoReverseMatch" in ran.stderr
