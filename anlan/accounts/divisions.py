"""The official table of administrative divisions as rows of our tree. Pure: reads JSON, knows no database.

Source: china-division 2.7 (National Bureau of Statistics, codes of 2, 4, 6 and 9 digits). Some levels exist on paper only:
"市辖区" under a municipality, "省直辖县级行政区划" over a county that answers to the province. They keep their code, so that a
prefix is still a territory, but do not appear in full names.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROVINCE, CITY, COUNTY, TOWN = 1, 2, 3, 4
_FILES: Final = (
    (PROVINCE, "provinces.json", ""),
    (CITY, "cities.json", "provinceCode"),
    (COUNTY, "areas.json", "cityCode"),
    (TOWN, "streets.json", "areaCode"),
)


@dataclass(frozen=True, slots=True)
class Division:
    """One row of the table; `parent` is empty for a province."""

    code: str
    name: str
    full_name: str
    level: int
    parent: str


def is_nominal(name: str) -> bool:
    """Whether a city level exists on paper only."""
    return name in ("市辖区", "县") or name.endswith("直辖县级行政区划")


def read_divisions(folder: Path, province: str = "") -> list[Division]:
    """Return the divisions of a province (two digits; empty for the whole country), parents before children.

    Raises `FileNotFoundError` without the table and `LookupError` for a province that it does not know.
    """
    found: dict[str, Division] = {}
    for level, name, parent_key in _FILES:
        for row in json.loads((folder / name).read_text(encoding="utf-8")):
            if province and not row["code"].startswith(province):
                continue
            parent = found.get(row[parent_key]) if parent_key else None
            found[row["code"]] = Division(
                row["code"], row["name"], _full_name(row["name"], parent, found), level, parent.code if parent else ""
            )
    if not found:
        raise LookupError(province)
    return list(found.values())


def _full_name(name: str, parent: Division | None, found: dict[str, Division]) -> str:
    """河南省郑州市金水区; without levels on paper only, and without saying a name twice (济源市济源市沁园街道)."""
    if parent is None:
        return name
    if is_nominal(parent.name):
        parent = found[parent.parent]
    if name == parent.name:
        return parent.full_name
    if parent.level in (CITY, COUNTY) and name.startswith(parent.name):
        return parent.full_name + name[len(parent.name) :]
    return parent.full_name + name
