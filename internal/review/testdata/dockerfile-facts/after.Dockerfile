FROM amazonlinux:2023@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
ENV PORT=5000 MODE=y
ENV EXTRA=1
WORKDIR /app
USER 2000
EXPOSE 5000
HEALTHCHECK --timeout=3s CMD curl -f http://localhost:5000/health || exit 1
CMD ["python", "-m", "serve"]
