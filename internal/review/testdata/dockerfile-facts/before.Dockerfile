FROM amazonlinux:2023@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
ENV PORT=5000 MODE=x
VOLUME /scratch
WORKDIR /app
USER 1000:1000
EXPOSE 5000
HEALTHCHECK --timeout=3s CMD curl -f http://localhost:5000/health || exit 1
CMD ["python", "-m", "app"]
