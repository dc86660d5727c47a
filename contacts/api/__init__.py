"""What other programs may tell and ask of this room, as JSON. Each router translates and calls; it decides nothing."""
