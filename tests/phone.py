"""A phone without a screen: keeps a log as the browser does, and talks to the house over any client. For tests and benchmarks."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.utils import timezone
from PIL import Image

from anlan.accounts.models import Region
from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Checklist, ChecklistVersion, Inspection
from anlan.hazards.sync.protocol import canonical, digest

PIECE = 4096


class Line(Protocol):
    """Whatever carries a request: method, path, body, content type → status and JSON."""

    def __call__(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, Any]]: ...


class Broken(Exception):
    """The link broke; whether the server took the request is unknown."""


def shot(n: int, size: int = 48) -> bytes:
    """A small JPEG, different for every n."""
    image = Image.new("RGB", (size, size), (n * 37 % 256, n * 91 % 256, n * 13 % 256))
    image.putpixel((n % size, n // size % size), (255, 255, 255))
    kept = BytesIO()
    image.save(kept, "JPEG", comment=str(n).encode())
    return kept.getvalue()


def lay_checklist(items: int = 4, code: str = "phone-test") -> ChecklistVersion:
    """A published checklist with short items; the last one meets a criterion of a major hazard."""
    checklist, _made = Checklist.objects.get_or_create(code=code, defaults={"name": "演示检查表"})
    rows = [
        {
            "key": f"k{n}", "group": "电气" if n <= items // 2 else "消防", "text": f"第 {n} 项的设备完好", "how": "看一眼", "cite": "安全生产法第三十六条",
            "photo": False, "major": "安全出口被封堵" if n == items else "",
            "hazard": {"title": f"第 {n} 项的设备损坏", "kind": "electric", "grade": "major" if n == items else "general", "measure": "换新"},
        }
        for n in range(1, items + 1)
    ]  # fmt: skip
    version, _made = ChecklistVersion.objects.get_or_create(
        checklist=checklist, number=1, defaults={"items": rows, "published_at": timezone.now()}
    )
    Checklist.objects.filter(pk=checklist.pk).update(current=version)
    return version


def lay_visit(firm: Enterprise, version: ChecklistVersion, *, due: date | None = None, **fields: Any) -> Inspection:
    """A planned patrol of a firm."""
    inspection = Inspection.objects.create(
        enterprise=firm,
        region_code=firm.organisation.region_code,
        kind="patrol",
        due_on=due or timezone.localdate() + timedelta(days=3),
        **fields,
    )
    inspection.checklists.add(version)
    assert Region.objects.exists()
    return inspection


class Phone:
    """One device of one officer: its key, its log, its photos, and what the server has confirmed."""

    def __init__(self, line: Line, *, clock_ahead: float = 0.0) -> None:
        self.line, self.ahead = line, clock_ahead
        self.uid, self.vault, self.key = uuid.uuid4(), uuid.uuid4(), ec.generate_private_key(ec.SECP256R1())
        self.seq, self.head = 0, ""
        self.log: dict[str, dict[str, str]] = {}
        self.shots: dict[str, bytes] = {}
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.requests = 0

    def now(self) -> int:
        """The phone's own clock, in milliseconds."""
        return int((time.time() + self.ahead) * 1000)

    def register(self) -> None:
        """Make itself known."""
        numbers = self.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": _url64(numbers.x), "y": _url64(numbers.y), "ext": True}
        self.ask("/patrol/device/", {"uid": str(self.uid), "vault": str(self.vault), "key": jwk})

    def write(self, kind: str, task: uuid.UUID, body: dict[str, Any], *, at: int | None = None) -> str:
        """Add an entry to the log; return its hash."""
        entry = {
            "v": 1, "id": str(uuid.uuid4()), "device": str(self.uid), "seq": self.seq + 1, "prev": self.head, "kind": kind,
            "task": str(task), "at": self.now() if at is None else at, "body": body,
        }  # fmt: skip
        text = canonical(entry)
        self.seq, self.head = self.seq + 1, digest(text)
        self.log[self.head] = {"text": text, "signature": self.sign(text)}
        return self.head

    def sign(self, text: str) -> str:
        """Sign as WebCrypto does: r‖s in base64."""
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()

    def photograph(self, task: uuid.UUID, data: bytes, **about: Any) -> str:
        """Take a photo: announced in the log, its bytes kept until the server holds them."""
        client_id, sha = str(uuid.uuid4()), hashlib.sha256(data).hexdigest()
        self.write(
            "photo", task, {"id": client_id, "sha256": sha, "size": len(data), "role": "scene", "name": "a.jpg"} | about
        )
        self.shots[client_id] = data
        return client_id

    def visit(
        self,
        inspection: Inspection,
        version: ChecklistVersion,
        *,
        failed: int = 0,
        photos: int = 0,
        place: str = "东侧",
        size: int = 48,
    ) -> None:
        """A whole patrol: start, answers, photos, one hazard where an item fails, signature, finish."""
        task = inspection.uid
        self.write("start", task, {"position": {"lat": 34830000, "lng": 113720000, "acc": 12}})
        for n, item in enumerate(version.items, 1):
            result = "fail" if n == failed else "ok"
            note = item["hazard"]["title"] if n == failed else ""
            self.write(
                "answer", task, {"list": version.pk, "item": item["key"], "result": result, "note": note, "base": None}
            )
        for n in range(photos):
            self.photograph(
                task,
                shot(hash((task.hex, n)) % 10**9, size),
                item=version.items[(failed or 1) - 1]["key"],
                list=version.pk,
            )
        if failed:
            item = version.items[failed - 1]
            self.write(
                "hazard", task,
                {
                    "id": str(uuid.uuid4()), "list": version.pk, "item": item["key"], "title": item["hazard"]["title"], "place": place,
                    "kind": "electric", "grade": "general", "measure": "换新", "responsible": "车间主任", "deadline": "",
                },
            )  # fmt: skip
        self.write("sign", task, {"who": "officer", "name": "刘海涛", "png": ""})
        self.write("finish", task, {"words": "", "accompanied": "", "position": {"none": "unknown"}})

    def synchronise(self, *, tries: int = 1000) -> None:
        """Hand everything in, however often the link breaks, as the browser does."""
        while self.log or self.shots:
            tries -= 1
            assert tries > 0, f"{len(self.log)} entries and {len(self.shots)} photos are still on the phone"
            self._again(self.send_entries)
            for client_id in list(self.shots):
                self._again(lambda client_id=client_id: self.send_photo(client_id))
            self._again(self.forget)

    def send_entries(self, batch: int = 50) -> None:
        """Send what has no outcome yet."""
        open_ = [one for hash_, one in self.log.items() if hash_ not in self.outcomes]
        for at in range(0, len(open_), batch):
            self.hand_in(open_[at : at + batch])

    def hand_in(self, parcels: list[dict[str, str]]) -> list[dict[str, Any]]:
        """Send these entries, in this order, and keep the answers."""
        said = self.ask("/patrol/operations/", {"device": str(self.uid), "now": self.now(), "operations": parcels})
        self.outcomes |= {one["hash"]: one for one in said["outcomes"]}
        return list(said["outcomes"])

    def send_photo(self, client_id: str) -> None:
        """Send the rest of a photo, piece by piece."""
        data = self.shots[client_id]
        status, far = self.request("GET", f"/patrol/photos/{client_id}/")
        while status == 200 and not far["done"]:
            at = far["received"]
            status, far = self.request(
                "POST", f"/patrol/photos/{client_id}/?offset={at}", data[at : at + PIECE], "application/octet-stream"
            )
            if status == 409:
                status = 200

    def forget(self) -> None:
        """Drop what the server names as held, and nothing else."""
        said = self.ask(
            "/patrol/have/", {"device": str(self.uid), "operations": list(self.outcomes), "photos": list(self.shots)}
        )
        for hash_ in said["operations"]:
            self.log.pop(hash_, None)
        for client_id, sha in said["photos"].items():
            if client_id in self.shots and hashlib.sha256(self.shots[client_id]).hexdigest() == sha:
                del self.shots[client_id]

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST JSON; anything but 200 fails."""
        status, said = self.request("POST", path, json.dumps(body).encode(), "application/json")
        assert status == 200, (path, status, said)
        return said

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, Any]]:
        """One request over the line."""
        self.requests += 1
        return self.line(method, path, body, kind)

    def _again(self, send: Callable[[], None]) -> None:
        for _turn in range(60):
            try:
                send()
            except Broken:
                continue
            return


def over(client: Any, *, breaks: Callable[[int], str] = lambda n: "") -> Line:
    """A line through Django's test client. `breaks(n)` says of the n-th request: "" fine, "before" lost on the way there,
    "after" the server worked and its answer was lost."""
    count = 0

    def line(method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, Any]]:
        nonlocal count
        count += 1
        how = breaks(count)
        if how == "before":
            raise Broken
        answer = client.generic(
            method, path, body, content_type=kind or "application/json", headers={"Accept": "application/json"}
        )
        if how == "after":
            raise Broken
        return answer.status_code, answer.json() if "json" in answer["Content-Type"] else {}

    return line


def _url64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
