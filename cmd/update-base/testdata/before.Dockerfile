# Base image: by digest. The digest is
# release 2023.12.20260629.0. Each release is itself.
FROM public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS uv
FROM docker.io/library/busybox:1.37@sha256:3333333333333333333333333333333333333333333333333333333333333333 AS tools
FROM --platform=linux/amd64 public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:1111111111111111111111111111111111111111111111111111111111111111
COPY --from=tools /bin/busybox /busybox
