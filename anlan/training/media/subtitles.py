"""Subtitles out of narration: short cues that end where sentences end. Pure."""

import re
from collections.abc import Iterable, Sequence

Cue = tuple[int, int, str]  # (start_ms, end_ms, text)

WIDTH = 18
"""Characters of a line that are read at a glance on a phone."""
_SENTENCE = re.compile(r"[^。！？；!?;]*[。！？；!?;]+[”』」）)]*|[^。！？；!?;]+")
_CLAUSE = re.compile(r"[^，、：,:]*[，、：,:]+|[^，、：,:]+")
_SILENT = re.compile(r"[\s，。、；：！？“”‘’（）《》,.;:!?()\"']")


def lines(text: str) -> list[str]:
    """Break narration into lines of at most WIDTH characters: at sentence ends, then at commas, then evenly.

    The pieces joined are the text without its white space.
    """
    broken: list[str] = []
    for sentence in _SENTENCE.findall(re.sub(r"\s+", "", text)):
        line = ""
        for clause in _CLAUSE.findall(sentence):
            if len(line) + len(clause) <= WIDTH:
                line += clause
                continue
            if line:
                broken.append(line)
            parts = -(-len(clause) // WIDTH)
            step = -(-len(clause) // parts)
            broken += [clause[n : n + step] for n in range(0, len(clause) - step, step)]
            line = clause[(parts - 1) * step :]
        if line:
            broken.append(line)
    return broken


def weight(text: str) -> int:
    """How long a text takes to say, in characters spoken; marks count as the pause that they are."""
    silent = len(_SILENT.findall(text))
    return max(1, len(text) - silent + silent // 2)


def cues(text: str, start_ms: int, end_ms: int) -> list[Cue]:
    """Spread the lines of a narration over the time in which it is spoken."""
    parts = lines(text)
    whole = sum(map(weight, parts))
    said, found = 0, []
    for part in parts:
        begin = start_ms + (end_ms - start_ms) * said // whole
        said += weight(part)
        found.append((begin, start_ms + (end_ms - start_ms) * said // whole, part))
    return found


def shown(text: str) -> str:
    """A line as shown: without the comma or full stop at its end."""
    return text.rstrip("，。、；：,;:")


def clip(all_cues: Iterable[Sequence[object]], start_ms: int, end_ms: int) -> list[list[object]]:
    """The cues of a piece, counted from its start."""
    found: list[list[object]] = []
    for begin, end, text in all_cues:
        a, b = max(int(str(begin)), start_ms), min(int(str(end)), end_ms)
        if a < b:
            found.append([a - start_ms, b - start_ms, text])
    return found


def _stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def to_vtt(all_cues: Iterable[Sequence[object]]) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/); text is escaped, so that nothing in it becomes markup."""
    blocks = ["WEBVTT\n"]
    for begin, end, text in all_cues:
        safe = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
        blocks.append(f"{_stamp(int(str(begin)))} --> {_stamp(int(str(end)))}\n{safe}\n")
    return "\n".join(blocks)


def from_vtt(text: str) -> list[Cue]:
    """Read WebVTT or SRT. What is not a cue is skipped; an empty list means that there was none."""
    moment = r"(?:(\d{1,3}):)?(\d{2}):(\d{2})[.,](\d{3})"
    pattern = re.compile(rf"{moment}\s*-->\s*{moment}[^\n]*\n((?:[^\n]+\n?)+)")
    found: list[Cue] = []
    for hit in pattern.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        h1, m1, s1, f1, h2, m2, s2, f2 = (int(part or 0) for part in hit.groups()[:8])
        begin, end = ((h * 60 + m) * 60_000 + s * 1000 + f for h, m, s, f in ((h1, m1, s1, f1), (h2, m2, s2, f2)))
        plain = re.sub(r"<[^>]*>", "", hit[9]).strip().replace("\n", " ")
        for mark, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            plain = plain.replace(mark, char)
        if begin < end and plain:
            found.append((begin, end, plain))
    return sorted(found)
