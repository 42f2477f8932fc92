"""How text becomes terms, the same for documents and for queries: words of a dictionary and pairs of characters.

Words alone miss what the dictionary splits differently in two texts; pairs alone drown in chance. Both together, in
fields of their own, let the ranking weigh them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import rjieba

LEXICON: Final = Path(__file__).parent / "data" / "lexicon.txt"

_RUNS: Final = re.compile(r"[㐀-鿿]+|[a-z0-9]+(?:\.[0-9]+)*")
STOP: Final = frozenset(
    [
        "的",
        "了",
        "是",
        "在",
        "和",
        "与",
        "或",
        "及",
        "等",
        "其",
        "之",
        "对",
        "于",
        "为",
        "以",
        "由",
        "从",
        "到",
        "把",
        "被",
        "让",
        "给",
        "向",
        "将",
        "并",
        "而",
        "但",
        "又",
        "也",
        "都",
        "就",
        "还",
        "很",
        "太",
        "更",
        "最",
        "再",
        "已",
        "已经",
        "曾",
        "正在",
        "着",
        "过",
        "得",
        "地",
        "我",
        "你",
        "您",
        "他",
        "她",
        "它",
        "我们",
        "你们",
        "他们",
        "咱",
        "咱们",
        "自己",
        "人家",
        "大家",
        "这",
        "那",
        "这个",
        "那个",
        "这些",
        "那些",
        "这样",
        "那样",
        "哪",
        "哪个",
        "哪些",
        "什么",
        "怎么",
        "怎样",
        "如何",
        "怎么办",
        "咋办",
        "咋",
        "啥",
        "吗",
        "呢",
        "吧",
        "啊",
        "呀",
        "哦",
        "嘛",
        "么",
        "啦",
        "有",
        "没",
        "没有",
        "不",
        "不是",
        "会",
        "能",
        "可以",
        "可",
        "要",
        "想",
        "应该",
        "应当",
        "需要",
        "请问",
        "请",
        "问",
        "谢谢",
        "您好",
        "你好",
        "一个",
        "一下",
        "一点",
        "一些",
        "说",
        "叫",
        "去",
        "来",
        "上",
        "下",
        "里",
        "中",
        "后",
        "前",
        "时",
        "时候",
        "然后",
        "因为",
        "所以",
        "如果",
        "但是",
        "而且",
        "就是",
        "还是",
        "是不是",
        "能不能",
        "可不可以",
        "有没有",
        "多少",
        "几",
        "个",
        "现在",
        "今天",
        "昨天",
        "前天",
        "今年",
        "去年",
        "上个月",
        "当时",
        "之后",
        "以后",
        "之前",
        "以前",
        "一直",
        "知道",
        "觉得",
        "认为",
        "关于",
        "情况",
        "问题",
        "规定",
        "法律",
        "办",
        "做",
        "才",
        "只",
        "只有",
        "该",
        "拿",
        "每",
        "各",
        "另",
        "某",
        "本",
        "跟",
        "同",
        "比",
        "按",
        "按照",
        "根据",
        "依照",
        "依据",
    ]
)
"""Words that say nothing about the matter; never searched unless the query holds nothing else."""


def normalise(text: str) -> str:
    """Half-width, lower case, no marks of variant width."""
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=1)
def segmenter() -> rjieba.Jieba:
    """The dictionary of the library with our words on top."""
    jieba = rjieba.Jieba()
    if LEXICON.exists():
        for line in LEXICON.read_text(encoding="utf-8").splitlines():
            word = line.strip()
            if word and not word.startswith("#"):
                jieba.add_word(word, 2000, "n")
    return jieba


def words(text: str) -> list[str]:
    """Return the words of two characters and more, long ones also in their parts; Latin letters and digits whole."""
    return [w for w in segmenter().cut_for_search(normalise(text)) if len(w) > 1 and _RUNS.fullmatch(w)]


def pairs(text: str) -> list[str]:
    """Return every two neighbouring characters of every run of Chinese, and Latin words and numbers whole."""
    found: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if run[0].isascii():
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return found


def characters(text: str) -> list[str]:
    """Return the different Chinese characters, for queries of one."""
    return sorted({c for run in _RUNS.findall(normalise(text)) if not run[0].isascii() for c in run})


def meaningful(text: str) -> list[str]:
    """Return the words of a query that say what it is about, in order, without repetition."""
    return list(dict.fromkeys(w for w in words(text) if w not in STOP))
