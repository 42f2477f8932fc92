"""One file per enterprise: the firm, its workers, and the rosters that brought them."""

from anlan.enterprises.models.enterprises import Enterprise
from anlan.enterprises.models.exports import Export
from anlan.enterprises.models.rosters import Roster, RosterChange, RosterProblem
from anlan.enterprises.models.workers import Worker

__all__ = ["Enterprise", "Export", "Roster", "RosterChange", "RosterProblem", "Worker"]
