"""What editors publish under three reviews and three proofs; collecting, suggestions, subscriptions."""
