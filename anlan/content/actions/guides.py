"""A guide to an article on the editors' desk: the page on which it is written anew and reviewed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from wagtail.models import Locale

from anlan.accounts.models import User
from anlan.content.actions.drafts import free_slug, may_write, shelf
from anlan.content.actions.ready import AUTHOR
from anlan.content.models import GuidePage
from anlan.law.models import Guide


@transaction.atomic
def guide_page(guide: Guide, *, by: User) -> GuidePage:
    """Return the page of a guide. Its public version holds the words that stand beside the article now, so that a change
    is compared with them; what somebody is writing stays as it is. Raises `Refused` (404) for others than editors."""
    may_write(by)
    words = _words(guide)
    parent = shelf("guide")  # locked: of two who begin, the second finds the page of the first
    page: GuidePage | None = GuidePage.objects.filter(guide=guide).first()
    if page is None:
        page = GuidePage(**words, guide=guide, slug=free_slug("guide", f"{guide}"), live=False, owner=by, edited=True)
        page.author_name, page.locale = AUTHOR, Locale.objects.get(pk=parent.locale_id)
        parent.add_child(instance=page)
    elif page.has_unpublished_changes or all(getattr(page, name) == value for name, value in words.items()):
        return page
    else:
        for name, value in words.items():
            setattr(page, name, value)
    page.save_revision(clean=False).publish(log_action=False, skip_permission_checks=True)
    return page


def _words(guide: Guide) -> dict[str, Any]:
    """What stands beside the article, by the names of the page's fields."""
    chinese = {name: guide.body[name] for name in GuidePage.CHINESE if name in guide.body}
    return chinese | {f"{name}_en": guide.english[name] for name in GuidePage.ENGLISH if name in guide.english}
