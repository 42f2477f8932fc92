"""One file per enterprise: the firm, its workers, and the rosters that brought them."""

from anlan.enterprises.models.enterprises import Enterprise
from anlan.enterprises.models.rosters import Roster, RosterChange
from anlan.enterprises.models.workers import Worker

__all__ = ["Enterprise", "Roster", "RosterChange", "Worker"]
