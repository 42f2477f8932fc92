"""The inspection pack of a firm (E-07): everything an inspection asks for, in one zip with an index."""
