"""Collecting from official sites: fetching politely, reading, knowing what was seen, the editors' queue."""
