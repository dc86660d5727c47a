"""The forms of the contacts room: what staff type is checked here, and every refusal is a sentence."""
