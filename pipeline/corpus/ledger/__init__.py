"""The ledger: which documents and sources there are, their state, batch and outputs."""
