"""Forms: hazards, inspections."""
