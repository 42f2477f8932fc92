"""Checklists, inspections, hazards and their cure, safety reports, work done offline."""
