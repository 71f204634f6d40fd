"""A folder that is watched: what arrives in it is transcribed once it is whole."""
