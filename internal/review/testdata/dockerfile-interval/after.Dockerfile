# The image of the Benchling webhook service, and with it the contract that the
# CDK app reads: port, user, health check, command, working directory, bases.
#
# Base image: Amazon Linux 2023, by digest for reproducibility. The digest is
# release 2023.12.20260629.0. Each release locks its dnf repository to itself,
# so the digest also pins the version of every package that dnf installs
# (hadolint's DL3041). dnf's cache is a mount: it reaches no layer, and
# `dnf clean all` would only empty it for the next build (DL3040).
# To update it, in every FROM alike:
#   docker pull public.ecr.aws/amazonlinux/amazonlinux:2023
#   docker inspect --format='{{index .RepoDigests 0}}' public.ecr.aws/amazonlinux/amazonlinux:2023

# uv has a stage of its own, so that a machine that can't reach its installer
# can supply the binary: --build-context uv=DIRECTORY (uv in its root).
FROM public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:336b735f8f0aa1d591802beb01d2ef85c6a4a3f411ea4ffa35cad8ba5db282af AS uv
# tar and gzip: the installer unpacks an archive. The base already has curl.
# hadolint ignore=DL3040,DL3041
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    dnf install -y \
        gzip \
        tar
ARG UV_VERSION=0.13.9
# A pipe hides curl's failure from the shell, so the script is a file first.
RUN curl -LsSf -o /tmp/install-uv.sh "https://astral.sh/uv/${UV_VERSION}/install.sh" && \
    UV_INSTALL_DIR=/ UV_NO_MODIFY_PATH=1 sh /tmp/install-uv.sh && \
    rm /tmp/install-uv.sh

FROM public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:336b735f8f0aa1d591802beb01d2ef85c6a4a3f411ea4ffa35cad8ba5db282af AS builder
# gcc, make, python3.11-devel: compile extensions that have no wheel.
# hadolint ignore=DL3040,DL3041
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    dnf install -y \
        gcc \
        make \
        python3.11 \
        python3.11-devel
COPY --from=uv /uv /usr/local/bin/uv
# An interpreter of uv's own would stay behind in this stage and leave the
# copied environment without one.
ENV UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY diet.py requirements.txt ./
# Bytecode is keyed by content, not by time, so that rewritten timestamps don't
# make it stale.
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv --python /usr/bin/python3.11 && \
    PYC_INVALIDATION_MODE=UNCHECKED_HASH uv pip sync --require-hashes --compile-bytecode requirements.txt && \
    python3.11 diet.py .venv/lib/python3.11/site-packages
COPY src/ ./src/
RUN python3.11 -m compileall -q --invalidation-mode unchecked-hash src

FROM public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:336b735f8f0aa1d591802beb01d2ef85c6a4a3f411ea4ffa35cad8ba5db282af
# curl-minimal is in the base and carries the health check; it is named so that
# a base without it fails here. (The full curl conflicts with it.)
# hadolint ignore=DL3040,DL3041
RUN --mount=type=cache,target=/var/cache/dnf,sharing=locked \
    dnf install -y \
        curl-minimal \
        python3.11 && \
    echo 'appuser:x:1000:1000::/app:/sbin/nologin' >> /etc/passwd && \
    echo 'appuser:x:1000:' >> /etc/group
WORKDIR /app
# Root owns what runs, so the service can't change it.
COPY --from=builder /app/.venv ./.venv
COPY --from=builder /app/src ./src
ENV PATH="/app/.venv/bin:$PATH" \
    PORT=5000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1
# By number: neither ECS's controls nor Kubernetes can tell that a name isn't root.
USER 1000:1000
EXPOSE 5000
# The shell turns every exit status of curl into 1, the only one that Docker
# reads as unhealthy.
# hadolint ignore=DL3025
HEALTHCHECK --interval=45s --timeout=10s --start-period=5s --retries=3 \
    CMD curl -f http://localhost:5000/health || exit 1
# Python itself, not `uv run`, which fails on a read-only root file system.
CMD ["python", "-m", "src.app"]
