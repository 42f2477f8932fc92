"""One index over everything that is public: `index()` in the transaction of the fact, the engine follows in the worker."""
