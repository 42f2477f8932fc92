"""Who may enter which address, for an object of the forge (or of the school that teaches it, or the agency that serves it).

Every module here has a table `ALLOWED`: {url name: (method, key of the object, who may enter)}; and, where it has objects
of its own, `arguments(cast)`: {key: arguments of the address}. The people are the cast; a person not named meets 404 or 403.
Learners who follow a manager's link to exams or classes are led to their own.
"""

import pkgutil
from importlib import import_module
from typing import Any

from anlan.operations.demo.cast import Cast

MODULES = [
    import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__) if found.name != "people"
]
ALLOWED: dict[str, tuple[str, str, frozenset[str]]] = {
    name: row for module in MODULES for name, row in module.ALLOWED.items()
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return what the modules' own objects are reached by; two modules must not mean two things by one key."""
    found: dict[str, list[Any]] = {}
    for module in MODULES:
        own = module.arguments(cast) if hasattr(module, "arguments") else {}
        assert not own.keys() & found.keys(), f"{module.__name__}: {own.keys() & found.keys()}"
        found |= own
    return found
