"""Starting and reusing engines: launchers, and the pool of ready engines."""
