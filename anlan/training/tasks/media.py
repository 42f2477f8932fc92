"""The media queue: one recording at a time, at low priority, so that pages stay fast."""

from django_tasks import task

from anlan.training.actions.encoding import sweep_media, work_on
from anlan.training.actions.recordings import drop_forgotten_uploads, requeue_dead_recordings

__all__ = ["process_recording", "requeue_dead_recordings", "tidy_media"]


@task(queue_name="media")
def process_recording(recording_id: int) -> None:
    """Store, read, cut and encode a recording; nothing when it is not waiting."""
    work_on(recording_id)


def tidy_media() -> int:
    """Daily: remove forgotten uploads and media that no lesson names; return how many."""
    return drop_forgotten_uploads() + sweep_media()
