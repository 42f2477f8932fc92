"""Writes on templates, entries and permits."""
