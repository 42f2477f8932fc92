"""Sets of the people of the cast, as the tables of the walk name them."""

TERRITORY = frozenset({"province", "city", "county", "deputy", "town", "grid"})
OTHER_REGULATORS = frozenset({"other_county", "other_city", "other_grid"})
FIRM = frozenset({"boss", "manager"})
FIRMS = FIRM | {"other_boss"}
LEARNERS = frozenset({"worker", "other_worker", "far_worker"})
AGENCY = frozenset({"agency", "engineer"})
AGENCIES = AGENCY | {"other_agency"}
ASSOCIATION = frozenset({"association"})
EDITORS = frozenset({"editor", "reviewer", "head_editor", "chief_editor"})
SIGNED_IN = (
    TERRITORY
    | OTHER_REGULATORS
    | FIRMS
    | LEARNERS
    | AGENCIES
    | ASSOCIATION
    | EDITORS
    | {"teacher", "auditor", "operator"}
)
EVERYONE = SIGNED_IN | {"nobody"}
REGULATORS = TERRITORY | OTHER_REGULATORS
ASSIGNERS = FIRMS | {"teacher"}
OWN = frozenset({"worker"})
TEACHER = frozenset({"teacher"})
GRANTERS = (REGULATORS - {"grid", "other_grid"}) | {"boss", "other_boss", "operator", "agency", "other_agency"}
GRIDS = frozenset({"grid", "other_grid"})
