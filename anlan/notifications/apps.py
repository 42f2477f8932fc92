"""Configuration of the notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Inbox and channels."""

    name = "anlan.notifications"
    verbose_name = "消息"

    def ready(self) -> None:
        """Hand the verb down to accounts, which stands below and writes messages too."""
        from anlan.accounts import telling
        from anlan.notifications.actions import notify, retract_notices

        telling.TELLERS.append(notify)
        telling.TAKERS_BACK.append(retract_notices)
