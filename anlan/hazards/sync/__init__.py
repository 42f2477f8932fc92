"""Work done without a network comes home: the protocol, the uploads, and what entries of the log do."""
