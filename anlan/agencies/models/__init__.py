"""Whoever serves firms: agencies and what they deliver, institutions that train, associations of a trade."""

from anlan.agencies.models.agencies import Agency, Engineer, Kind, ServicePoint, kind_names
from anlan.agencies.models.associations import (
    Association,
    CoPublisher,
    Membership,
    PackItem,
    Publication,
    Push,
)
from anlan.agencies.models.contracts import Contract, Rating, Service, ServiceRequest
from anlan.agencies.models.trainings import Provider, Topic, TrainingRequest

__all__ = [
    "Agency",
    "Association",
    "CoPublisher",
    "Contract",
    "Engineer",
    "Kind",
    "Membership",
    "PackItem",
    "Provider",
    "Publication",
    "Push",
    "Rating",
    "Service",
    "ServicePoint",
    "ServiceRequest",
    "Topic",
    "TrainingRequest",
    "kind_names",
]
