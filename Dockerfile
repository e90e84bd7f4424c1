# One image for every role: docker-compose.yml says which.
FROM python:3.11.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock requirements-dev.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-dev.lock
RUN python -m venv /opt/gateway \
 && /opt/gateway/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY broker broker
COPY adapters adapters
COPY gateway gateway
# The builder has setuptools from the lock: nothing unlocked is fetched.
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/gateway/bin/python -m pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.11.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/gateway gateway \
 && install -d -o gateway -g gateway -m 0700 /var/lib/gateway/data /var/lib/gateway/keys /var/lib/gateway/files
COPY --from=build /opt/gateway /opt/gateway
USER gateway
WORKDIR /var/lib/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8080
ENTRYPOINT ["gateway"]
CMD ["serve"]
