"""The whole house behind one port: live receivers on the event loop, everything else by Django's WSGI in threads.

Why so and what it costs: docs/decisions/0002-one-port.md.
"""

import gc
import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_wsgi: Any = get_wsgi_application()  # sets Django up, so before anything that has models

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from anlan.accounts.callers import is_signed_in  # noqa: E402
from anlan.exams.live import take_answers  # noqa: E402
from anlan.lib.bridge import Pages, Receive, Scope, Send  # noqa: E402
from anlan.lib.receivers import Receivers  # noqa: E402
from anlan.training.live import take_beat  # noqa: E402

receivers = Receivers({"/live/beats": take_beat, "/live/answers": take_answers})
pages = Pages(
    _wsgi,
    threads=settings.ANLAN_THREADS,
    proxies=frozenset(settings.ANLAN_PROXIES),
    max_body=(settings.ANLAN_MAX_UPLOAD_MB + 1) * 1024 * 1024,
    known=is_signed_in,
)

_ = get_resolver().url_patterns  # every view now: the first visitor waits for none, and a broken one stops the start
gc.collect()
gc.freeze()  # what lives as long as the process need not be looked through again


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand each request to its part."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        part: Any = receivers if scope["path"].startswith("/live/") else pages
        await part(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
