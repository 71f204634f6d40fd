"""What people call a model: its id, a short name, a repository of the hub, a folder of weights."""
