"""Compliance self-check 合规自查 (L-11): questionnaires as data, answers, gaps with their articles and what closes them."""
