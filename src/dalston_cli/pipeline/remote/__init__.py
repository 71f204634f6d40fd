"""What lies on other machines: addresses, and reading, listing and writing through fsspec."""
