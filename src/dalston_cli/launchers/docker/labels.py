"""The labels by which images and containers are known; never their names or ports."""

ENGINE = "dalston.engine"
"""Name of the engine; on images and containers."""

VARIANT = "dalston.variant"
"""``cpu`` or ``cuda``; on images, and so on their containers."""

PYTHON = "dalston.python"
"""The interpreter of an image, such as ``cpython-3.12``."""

DIGEST = "dalston.digest"
"""Digest of what determines the results of an image's engine; see ``dalston_sdk.identity``."""

BASE = "dalston.base"
"""The base that an image was built on, as it was asked for."""

STAGE = "dalston.stage"
"""``torch`` on the layer with PyTorch; ``installer``, ``packages``, ``code`` on parts of builds."""

TORCH = "dalston.torch"
"""Digest of what the layer with PyTorch is made from; on it, and on images that are built on it."""

PYTORCH = "dalston.pytorch"
"""``yes`` on the stage that installed PyTorch for that layer."""

SOURCE = "dalston.source"
"""Of which engine that is: its folder below ``engines``."""

FINGERPRINT = "dalston.fingerprint"
"""Fingerprint that must be equal for a running container to be reused."""

REPLICA = "dalston.replica"
DEVICE = "dalston.device"

HOME = "dalston.home"
"""The runtime folder of the Dalston that started a container; others are never touched."""

FOLDER = "dalston.folder"
"""The container's own folder on the host, with its socket; missing where it listens on a port."""

SERVICE = "dalston.service"
"""``compose`` on containers with another owner that we may use."""

PORT = 8400
"""Port that an engine listens on inside its container where no socket can be shared."""

MODELS = "dalston.models"
"""Inode and path of the folder of weights that a container sees; another may be there by now."""

RELAY = "dalston.relay"
"""Id of the container whose engine a relay leads to its services."""

NETWORK = "dalston.network"
"""``engines`` on the network through which containers are reached that publish a port."""
