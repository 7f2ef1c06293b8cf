"""What the store and the ledger cost."""
