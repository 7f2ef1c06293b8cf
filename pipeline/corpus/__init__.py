"""All documents of a store: the ledger, its report, what is published, kept and removed."""
