# The operator's image: docker build -t stepwright .
# BASE needs python3 (3.11 or later) with venv, and nothing else. A release is built from a base with a digest, so that it can
# be built again: --build-arg RELEASE=true --build-arg BASE=python:3.13-slim@sha256:...
# The console's pages come from the context, as `make console` has built them, so that no image has Node.js.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG BASE
ARG RELEASE=false
RUN case "${RELEASE}:${BASE}" in \
      false:* | true:*@sha256:????????????????????????????????????????????????????????????????) ;; \
      true:*) echo "a release needs a base with a digest (NAME@sha256:...), not ${BASE}" >&2; exit 1 ;; \
      *) echo "RELEASE is true or false, not ${RELEASE}" >&2; exit 1 ;; \
    esac
WORKDIR /src
# All that builds, by hashes, too: a backend that is fetched anew each time could put anything into the wheel.
COPY requirements-build.txt ./
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
    && python3 -m venv --without-pip /opt/stepwright
# The dependencies in a layer of their own: it is built again only when they change. Pip installs them, by the hashes
# of the lock file, because it finds the index wherever the build's environment says it is.
COPY pyproject.toml uv.lock ./
RUN /opt/build/bin/uv export --quiet --frozen --no-dev --extra sql --extra mail --extra nats --extra amqp --extra kafka --extra oidc --no-emit-project --output-file requirements.txt \
    && /opt/build/bin/uv export --quiet --frozen --no-dev --extra sql --extra mail --extra nats --extra amqp --extra kafka --extra oidc --preview-features sbom-export --format cyclonedx1.5 \
       --output-file /opt/stepwright/sbom.cdx.json \
    && /opt/build/bin/pip --python /opt/stepwright/bin/python install --no-cache-dir --require-hashes \
       -r requirements.txt
COPY README.md LICENSE ./
COPY operator operator
COPY examples/blueprints examples/blueprints
RUN test "${RELEASE}" = false -o -f operator/stepwright/console/dist/index.html \
    || { echo "a release needs the console: run \`make console\` first" >&2; exit 1; }
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/build/bin/pip --python /opt/stepwright/bin/python install --no-cache-dir --no-deps dist/*.whl

FROM ${BASE}
LABEL org.opencontainers.image.title="Stepwright" \
      org.opencontainers.image.description="AWS Step Functions for any Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/stepwright /opt/stepwright
# The root file system is read-only in the cluster: nothing may be written but /tmp. kopf asks for the user's name,
# which a uid without an entry in /etc/passwd does not have.
ENV PATH=/opt/stepwright/bin:$PATH HOME=/tmp USER=stepwright PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["stepwright"]
CMD ["operator"]
