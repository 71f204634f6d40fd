"""Ready engines: found or started, refilled when lost, with retries of their requests."""
