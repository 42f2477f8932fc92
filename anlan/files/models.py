"""Stored files. Owners are plain values; the app that owns a file serves it through `files.actions.serve()`."""

import uuid

from django.db import models


class Blob(models.Model):
    """One stored file, addressed by an unguessable id and checked by its hash."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, help_text="name as uploaded, for downloads")
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, help_text="path in the storage")
    owner_kind = models.CharField(max_length=60)
    owner_id = models.CharField(max_length=64, blank=True)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner_kind", "owner_id"])]

    def __str__(self) -> str:
        return self.name
