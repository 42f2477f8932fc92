"""The keys of one installation: made once at first start, kept in the state folder, never in the repository."""

import base64
import json
import os
import secrets
from pathlib import Path


def load_or_make_keys(var_dir: Path, *, demo: bool = False) -> dict[str, str]:
    """Return `secret`, `fields` and `index`, making them (file mode 0600) when the folder has none.

    Keys made for a `demo` say so (`made_for`), and nobody else starts with them: a demo is shown, copied and thrown away.

    Two processes may start at once: the file is linked into place, so the first wins and the second reads it.
    """
    path = var_dir / "keys.json"
    if not path.exists():
        keys = {
            "secret": secrets.token_urlsafe(48),
            "fields": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "index": base64.b64encode(secrets.token_bytes(32)).decode(),
            "made_for": "demo" if demo else "use",
        }
        draft = var_dir / f".keys-{os.getpid()}.json"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(keys, indent=1), encoding="utf-8")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
