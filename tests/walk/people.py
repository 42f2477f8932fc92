"""Sets of the people of the cast, as the tables of the walk name them."""

TERRITORY = frozenset({"province", "city", "county", "deputy", "town", "grid"})
OTHER_REGULATORS = frozenset({"other_county", "other_city", "other_grid"})
FIRM = frozenset({"boss", "manager"})
FIRMS = FIRM | {"other_boss"}
LEARNERS = frozenset({"worker", "other_worker", "far_worker"})
AGENCY = frozenset({"agency", "engineer"})
AGENCIES = AGENCY | {"other_agency"}
ASSOCIATION = frozenset({"association"})
SIGNED_IN = (
    TERRITORY | OTHER_REGULATORS | FIRMS | LEARNERS | AGENCIES | ASSOCIATION | {"teacher", "auditor", "operator"}
)
EVERYONE = SIGNED_IN | {"nobody"}
REGULATORS = TERRITORY | OTHER_REGULATORS
ASSIGNERS = FIRMS | {"teacher"}
OWN = frozenset({"worker"})
TEACHER = frozenset({"teacher"})
GRANTERS = (REGULATORS - {"grid", "other_grid"}) | {"boss", "other_boss", "operator", "agency", "other_agency"}
GRIDS = frozenset({"grid", "other_grid"})
