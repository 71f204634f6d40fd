"""The output formats, one file each: ``render`` returns the whole file."""
