# `dalston serve`, its workers and their queue, in one image: Dalston, and Redis of Debian's.
#
#   docker build -f dockerfiles/server.Dockerfile -t dalston/server:0.1.0 .
#
# compose.yaml starts gateway, worker and redis of it; see docs/compose.md. Where the network wants a
# certificate of its own, put it into certificates/bundle.pem: pip uses it, and the finished image
# does not have it. Any builder can use this file: nothing here needs BuildKit.

ARG BASE_IMAGE=python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254
# The base with Redis, with libraries that engines name in engine.yaml (system_packages), and with
# the Python of its system where it brings none.
FROM ${BASE_IMAGE} AS base
RUN packages="redis-server libgomp1" \
    && if ! command -v python3 > /dev/null; then packages="$packages python3"; fi \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages \
    && rm -rf /var/lib/apt/lists/*

FROM base AS packages
RUN if ! python3 -c "import ensurepip" 2> /dev/null; then \
        apt-get update \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && python3 -m venv /opt/installer \
    && python3 -m venv --without-pip /opt/dalston
COPY certificates*/bundle.pem* /opt/lock/
COPY pyproject.toml README.md LICENSE /opt/dalston-source/
COPY src /opt/dalston-source/src
COPY catalog /opt/dalston-source/catalog
COPY dockerfiles /opt/dalston-source/dockerfiles
COPY engines /opt/dalston-source/engines
# redis for the queue, s3 for a store that several machines share.
RUN if [ -s /opt/lock/bundle.pem ]; then export PIP_CERT=/opt/lock/bundle.pem; fi \
    && /opt/installer/bin/pip --python /opt/dalston/bin/python install \
        --no-cache-dir --disable-pip-version-check --progress-bar off --root-user-action ignore \
        "/opt/dalston-source[redis,s3]"

FROM base
# As folders that anyone may use: who the services are is up to compose.yaml.
RUN install -d -m 1777 /state /state/server /cache /queue
ENV PATH=/opt/dalston/bin:${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONNOUSERSITE=1 \
    PYTHONUNBUFFERED=1
COPY --from=packages /opt/dalston /opt/dalston
USER 65532:65532
ENTRYPOINT ["/opt/dalston/bin/dalston"]
