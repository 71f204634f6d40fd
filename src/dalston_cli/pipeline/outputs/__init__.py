"""Names of outputs, and writing them without harm to other files."""
