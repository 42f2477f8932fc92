"""The one way an action says no."""

from django.utils.functional import Promise

Text = str | Promise


class Refused(Exception):
    """An action was refused: what happened, what is kept and what to do, in words for people.

    `code` is stable and for machines; `status` is the HTTP status under which page, fragment and JSON are answered
    (409 conflict with the present state, 403 lacking power, 404 outside the territory, 422 bad input, 429 too often).
    `field` names the form field that the words belong to, when there is one.
    """

    def __init__(self, message: Text, *, code: str, status: int = 409, field: str = "") -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code
        self.status = status
        self.field = field
