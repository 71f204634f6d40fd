# An engine in an image of its own, for any machine.
#
#   docker build -f dockerfiles/cpu.Dockerfile --build-arg ENGINE=transcribe/faster-whisper .
#
# An engine with PyTorch also takes --build-arg PYTORCH=yes, and one whose engine.yaml names
# system_packages --build-arg SYSTEM_PACKAGES="libgomp1". The context needs dockerfiles/,
# engines/sdk and the engine's folder. Where the network wants a certificate of its own, put it into
# certificates/bundle.pem: pip uses it, and the finished image does not have it.
# Any builder can use this file: nothing here needs BuildKit.

ARG BASE_IMAGE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
# The base, with the Python of its system where it brings none, and libraries that packages need.
FROM ${BASE_IMAGE} AS base
ARG SYSTEM_PACKAGES=
RUN packages= \
    && if ! command -v python3 > /dev/null; then packages=python3; fi \
    && for package in $SYSTEM_PACKAGES; do \
        dpkg --status "$package" > /dev/null 2>&1 || packages="$packages $package"; \
    done \
    && if [ -n "$packages" ]; then \
        apt-get update \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages \
        && rm -rf /var/lib/apt/lists/*; \
    fi

# pip, and an environment with PyTorch alone where that is asked for. A base that has an environment
# keeps it: then /opt/layer is empty.
FROM base AS installer
RUN if ! python3 -c "import ensurepip" 2> /dev/null; then \
        apt-get update \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && python3 -m venv /opt/installer
ARG PYTORCH=no
LABEL dalston.stage="installer" dalston.pytorch="${PYTORCH}" dalston.variant="cpu"
# A pattern that finds nothing is fine beside one that finds something.
COPY dockerfiles/torch-*.lock certificates*/bundle.pem* wheels*/*.whl* /opt/lock/
# PyTorch for a CPU comes as a wheel; without one the image gets the build that brings CUDA along.
RUN install -d /opt/layer \
    && if [ -e /opt/engine ]; then exit; fi \
    && python3 -m venv --without-pip /opt/engine \
    && if [ "$PYTORCH" = yes ]; then \
        if [ -s /opt/lock/bundle.pem ]; then export PIP_CERT=/opt/lock/bundle.pem; fi \
        && lock=torch-cpu.lock \
        && if [ "$(uname -m)" = x86_64 ] && ! ls /opt/lock/torch-*+cpu-*.whl > /dev/null 2>&1; then \
            lock=torch-cuda.lock; fi \
        && cd /opt/lock \
        && /opt/installer/bin/pip --python /opt/engine/bin/python install \
            --require-hashes --no-cache-dir --disable-pip-version-check --progress-bar off \
            --root-user-action ignore --no-deps --find-links . -r "$lock"; \
    fi \
    && rm -r /opt/layer \
    && mv /opt/engine /opt/layer

# The layer that engines with PyTorch share; for other engines an empty environment.
FROM base AS torch
COPY --from=installer /opt/layer /opt/engine

# The engine's other packages: this stage depends on the lock alone, so an edited engine reuses it.
FROM torch AS packages
ARG ENGINE
LABEL dalston.stage="packages" dalston.source="${ENGINE}" dalston.variant="cpu"
COPY --from=installer /opt/installer /opt/installer
COPY engines/${ENGINE}/requirements*.lock certificates*/bundle.pem* /opt/lock/
RUN if [ -s /opt/lock/bundle.pem ]; then export PIP_CERT=/opt/lock/bundle.pem; fi \
    && lock=requirements.lock \
    && if [ -f /opt/lock/requirements-cuda.lock ] && [ "$(uname -m)" = x86_64 ] \
        && ! ls -d /opt/engine/lib/python*/site-packages/torch-*+cpu.dist-info > /dev/null 2>&1; then \
        lock=requirements-cuda.lock; fi \
    && install -d /opt/packages \
    && /opt/installer/bin/pip --python /opt/engine/bin/python install --prefix /opt/packages \
        --require-hashes --no-cache-dir --disable-pip-version-check --progress-bar off \
        --root-user-action ignore --no-deps -r "/opt/lock/$lock"

# The engine and the SDK, compiled: the finished image is read-only.
FROM base AS code
ARG ENGINE
LABEL dalston.stage="code" dalston.source="${ENGINE}" dalston.variant="cpu"
COPY engines/sdk/src/dalston_sdk /opt/dalston/sdk/dalston_sdk
COPY engines/${ENGINE} /opt/dalston/engine
RUN python3 -m compileall -q /opt/dalston

FROM torch
RUN install -d -m 1777 /spool
ENV DO_NOT_TRACK=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    HF_HUB_OFFLINE=1 \
    ORT_DISABLE_TELEMETRY=1 \
    PATH=/opt/engine/bin:${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin} \
    PYANNOTE_METRICS_ENABLED=0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONNOUSERSITE=1 \
    PYTHONPATH=/opt/dalston/sdk \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    TRANSFORMERS_OFFLINE=1
COPY --from=packages /opt/packages /opt/engine
COPY --from=code /opt/dalston /opt/dalston
LABEL dalston.variant="cpu"
USER 65532:65532
ENTRYPOINT ["/opt/engine/bin/python", "-m", "dalston_sdk", "/opt/dalston/engine"]
