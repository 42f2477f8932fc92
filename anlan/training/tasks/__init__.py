"""Background work of training."""

from anlan.training.tasks.classes import remind_due, requeue_exports
from anlan.training.tasks.learning import fold_beats
from anlan.training.tasks.media import process_recording, requeue_dead_recordings, tidy_media

__all__ = ["fold_beats", "process_recording", "remind_due", "requeue_dead_recordings", "requeue_exports", "tidy_media"]
