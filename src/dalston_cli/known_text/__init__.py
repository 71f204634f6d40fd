"""Text that is known already, found in a recording: its times, and what is only in one of both."""
