"""How a file becomes contacts: reading -> mapping -> cells (one row cleaned) -> matching and planning -> writing; runs drives it."""
