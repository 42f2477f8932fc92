"""Parts of pages that are drawn once for each state of their data.

Drawing a table of a hundred rows costs more than reading it. A part drawn from the same data looks the same, so it is
kept under the data themselves: nothing can be stale, and nothing has to be told when something changes.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from threading import Lock
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

KEPT = 128
_TOKEN = "<!-- token -->"  # noqa: S105  # where the form token of the present person goes
_parts: OrderedDict[Hashable, str] = OrderedDict()
_lock = Lock()


def draw(template: str, context: Mapping[str, Any], *, request: HttpRequest, key: Hashable) -> SafeString:
    """Render a part, or return what was rendered from the same `key`: everything that the part shows, as values.

    Language, day (for "还有 5 天") and address are part of the key already. In the template `{{ token }}` stands for
    `{% csrf_token %}`: the only thing that differs between two people who see the same.
    """
    whole = (template, get_language(), timezone.localdate(), request.get_full_path(), key)
    html = _parts.get(whole)
    if html is None:
        html = render_to_string(template, {**context, "request": request, "token": SafeString(_TOKEN)})
        with _lock:
            _parts[whole] = html
            while len(_parts) > KEPT:
                _parts.popitem(last=False)
    field = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
    return SafeString(html.replace(_TOKEN, field))  # both are escaped already
