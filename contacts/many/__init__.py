"""One act for many people: `runs` is its life, `acts` what is done to a portion. Who is meant, the list of contacts tells."""
