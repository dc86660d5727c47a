"""One file for each system whose webhooks we read; no file knows another."""
