"""Clients of what is talked to: file systems, model servers, webhooks, docling itself."""
