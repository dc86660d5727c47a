"""The demo shop: a salon with people in three languages, a finished cascade, one that is about to be sent, and a draft."""
