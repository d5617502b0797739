# Base image: by digest. The digest is
# release 2023.13.20261102. Each release is itself.
FROM public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:2222222222222222222222222222222222222222222222222222222222222222 AS uv
FROM docker.io/library/busybox:1.37@sha256:3333333333333333333333333333333333333333333333333333333333333333 AS tools
FROM --platform=linux/amd64 public.ecr.aws/amazonlinux/amazonlinux:2023@sha256:2222222222222222222222222222222222222222222222222222222222222222
COPY --from=tools /bin/busybox /busybox
