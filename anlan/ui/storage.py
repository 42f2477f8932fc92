"""Static files with content hashes in their names."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed; a name that is missing falls back to itself, so that tests need no collectstatic."""

    manifest_strict = False

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Return the hashed name, or the plain one while nothing has been collected."""
        try:
            return str(super().hashed_name(name, content, filename))
        except ValueError:
            return name
