"""Letters of readers, their answers, and the corrections that come of them."""
