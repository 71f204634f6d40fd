"""How engines are started and reused: launchers, and the pool that hands out ready engines."""
