"""A running house with the demo data, a real browser, and eyes that look for what is wrong on every page."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import imageio_ffmpeg
import pytest
from playwright.sync_api import Error

ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = ROOT / "docs" / "shots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
START_SECONDS = 60
PAUSE = 0.2
"""Seconds between two looks at what a worker brings: a page asked for without a breath keeps the worker from its work."""
SHAPES = """() => {
  const told = new Set(["role", "type", "scope", "tabindex", "aria-hidden", "aria-checked", "aria-expanded", "aria-current"]);
  const named = ["for", "headers", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-activedescendant"];
  const one = (node) => node.localName + "." + [...node.classList].sort().join(".") + "[" + [...node.attributes]
    .filter((a) => a.name !== "class").map((a) => a.name + (told.has(a.name) ? "=" + a.value : a.value ? "" : "=")
      + (named.includes(a.name) && a.value.split(/\\s+/).some((id) => id && !document.getElementById(id)) ? "?" : "")).sort() + "]";
  const text = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  const found = new Set(ids.length === new Set(ids).size ? [] : ["twice " + ids.filter((id, at) => ids.indexOf(id) !== at)]);
  const walk = (node, above, ground) => {
    const style = getComputedStyle(node), self = one(node);
    const shows = node.checkVisibility({checkVisibilityCSS: true}), image = style.backgroundImage !== "none" ? self : "";
    const under = image || (style.backgroundColor === "rgba(0, 0, 0, 0)" ? ground : ground + style.backgroundColor);
    const seen = shows && text(node) ? [style.color, under, style.fontSize, style.fontWeight, style.opacity] : [text(node)];
    found.add([self, ...above, shows, ...seen, node.disabled, node.labels ? node.labels.length > 0 : ""].join(" < "));
    for (const child of node.children) walk(child, [self, above[0]], under);
  };
  walk(document.documentElement, [], "");
  return [[...document.documentElement.attributes].map((a) => a.name + "=" + a.value).join(" "), [...found]];
}"""
"""Every element as axe-core judges it: tag, classes, attributes, what is around it, whether it shows, its colours, its label."""

if CHROMIUM is None and not os.environ.get("ANLAN_REQUIRE_BROWSER"):
    collect_ignore_glob = ["test_*.py"]
    print("\nJourneys left out: no Chromium. `apt-get install chromium` (Debian) brings them in.", file=sys.stderr)  # noqa: T201


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a journey up to twice more: a real browser on a busy machine may stumble. The run says so with an R."""
    for item in items:
        if item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@dataclass
class House:
    """A running Anlan: its address and its state folder."""

    url: str
    env: dict[str, str]

    def anlan(self, *words: str) -> str:
        """Run a command of this house and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "anlan", *words], cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def python(self, code: str) -> str:
        """Run a few lines inside this house's database and return what they printed."""
        lead = "import os,django;os.environ['DJANGO_SETTINGS_MODULE']='config.settings';django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", lead + code], cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The demo, prepared as `make run` prepares it, without the hour of encoding that runs behind it."""
    assert CHROMIUM, "Chromium is required here: apt-get install chromium"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="anlan-journey-") as state:
        env = {
            **os.environ,
            "ANLAN_VAR": state,
            "ANLAN_DEMO": "1",
            "ANLAN_PORT": str(port),
            "ANLAN_WORKERS": "1",
            "PYTHONUNBUFFERED": "1",
            "ANLAN_LAW_DIR": "",  # the scene brings a statute of its own
        }
        env.pop("ANLAN_DATABASE_URL", None)
        home = House(f"http://127.0.0.1:{port}", env)
        home.anlan("migrate", "-v0")
        home.anlan("collectstatic", "--noinput", "-v0")
        home.python((Path(__file__).parent / "scene.py").read_text(encoding="utf-8"))
        log = Path(state, "up.log").open("wb")  # noqa: SIM115 — closed below, after the process
        process = subprocess.Popen(
            [sys.executable, "-m", "anlan", "up"], cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(home.url + "/health/", process, Path(state, "up.log"))
            yield home
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            log.close()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the address answers; fail with the log when the house falls."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 — our own address
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the house did not start:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all journeys of this process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@cache
def documented() -> str:
    """All documents as one text: only pictures that one of them shows are kept."""
    pages = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@cache
def axe() -> str:
    """The text of axe-core."""
    return (ROOT / "web" / "dist" / "axe.min.js").read_text(encoding="utf-8")


class Visitor:
    """A person with a browser: goes, looks, and fails on whatever a person would complain about."""

    sound: ClassVar[dict[tuple[str, str], set[str]]] = {}
    """By size and kind of document (language, large type): the shapes of elements that axe-core found nothing in."""

    def __init__(self, browser: Any, url: str, size: str) -> None:
        width, height = SIZES[size]
        self.size = size
        self.url = url
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            has_touch=size == "phone",
            base_url=url,
            accept_downloads=True,
        )
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.errors.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )

    def enter(self, name: str) -> Visitor:
        """Sign in as a person of the demo, by the panel beside the form (`name` as the panel writes it)."""
        self.page.goto("/accounts/login/")
        panel = self.page.get_by_role("complementary", name="演示身份")
        panel.get_by_role("button", name=name, exact=False).first.click()
        self.page.wait_for_url("**/home/")
        return self

    def sign_in(self, phone: str) -> Visitor:
        """Sign in as anybody with a phone: ask for the code, read it from the demo's outbox on the page, type it."""
        self.page.goto("/accounts/login/")
        self.page.get_by_label("手机号").fill(phone)
        self.page.get_by_role("button", name="发送验证码").click()
        code = re.search(r"\d{6}", self.page.locator("#demo-sms").inner_text())
        assert code, self.page.locator("#demo-sms").inner_text()
        self.page.get_by_label("验证码").fill(code[0])
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url("**/home/")
        return self

    def reload_until(self, locator: Any, *, seconds: float = 30) -> None:
        """Look at this page again and again until something shows that a worker brings behind the scenes."""
        until = time.monotonic() + seconds
        while not locator.count():
            assert time.monotonic() < until, f"{self.page.url} does not show {locator} after {seconds} s"
            try:
                self.page.reload()
            except Error as refused:  # the page was leaving by itself (a script, htmx): look at where it went
                if "ERR_ABORTED" not in str(refused):
                    raise
                self.page.wait_for_load_state("load")
            if not locator.count():
                time.sleep(PAUSE)

    def resize(self, size: str) -> None:
        """Take the other device, without signing in again."""
        width, height = SIZES[size]
        self.size = size
        self.page.set_viewport_size({"width": width, "height": height})

    def go(self, path: str) -> Visitor:
        """Open an address and look at it."""
        response = self.page.goto(path)
        assert response is not None and response.status < 400, f"{path}: {response.status if response else 'no answer'}"
        self.look()
        return self

    def look(self) -> None:
        """No sideways scrolling, no script errors, nothing that axe-core complains about.

        axe-core takes most of the time of a journey: it reads a page again only when something on it is new to this run.
        """
        self.page.wait_for_load_state("load")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{self.page.url} scrolls sideways by {wide} px at {self.size}"
        assert self.errors == [], f"{self.page.url}: {self.errors}"
        document, shapes = self.page.evaluate(SHAPES)
        sound = self.sound.setdefault((self.size, document), set())
        if sound.issuperset(shapes):
            return
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        found = self.page.evaluate(
            "async () => (await axe.run({resultTypes: ['violations'], runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))"
        )
        assert found == [], f"{self.page.url} at {self.size}: " + "\n".join(found)
        sound.update(shapes)

    def shot(self, name: str) -> None:
        """Keep a picture of what is on the screen for the guide, with a palette of 64 colours: a third of the size."""
        file = f"{name}-{self.size}.png"
        if not os.environ.get("ANLAN_SHOTS") or file not in documented():
            return
        self.page.evaluate("document.querySelectorAll('.al-toast').forEach((toast) => toast.remove())")  # gone in 6 s
        SHOTS.mkdir(parents=True, exist_ok=True)
        palette = "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none"
        subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", "-", "-vf", palette, SHOTS / file],
            # Hiding the caret would leave a style attribute on every field, which htmx then copies and the policy refuses.
            input=self.page.screenshot(animations="disabled", caret="initial"), check=True,
        )  # fmt: skip


def eventually(see: Callable[[], object], expected: object, *, seconds: float = 30) -> None:
    """Look again until a worker has brought what is expected; the last look must show it."""
    until = time.monotonic() + seconds
    while (seen := see()) != expected and time.monotonic() < until:
        time.sleep(PAUSE)
    assert seen == expected


@pytest.fixture
def visit(house: House, chromium: Any) -> Iterator[Any]:
    """Make visitors: `visit("phone")`."""
    made: list[Visitor] = []

    def _visit(size: str = "desktop") -> Visitor:
        made.append(Visitor(chromium, house.url, size))
        return made[-1]

    yield _visit
    for visitor in made:
        visitor.context.close()
