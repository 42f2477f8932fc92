"""Background work: hazards, inspections."""
