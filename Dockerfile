# tierwall, the stand-ins for the vendors, and a client: one file, a target for each, see docs/lab.md.
# BASE is a Debian with Python 3.12 or newer; where no image can be pulled, lab/base-image.sh makes one by debootstrap.
ARG BASE=python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${BASE} AS install
# Where packages come from is this network's own affair: arguments, and CAs in lab/trust. pip's defaults otherwise.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG UV_DEFAULT_INDEX
ARG UV_INDEX
COPY lab/trust/ /usr/local/share/ca-certificates/
RUN update-ca-certificates
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --quiet 'uv==0.13.9'
WORKDIR /opt/tierwall
COPY pyproject.toml uv.lock README.md LICENSE ./
# What uv.lock pins, compiled now, because the container cannot write; the project itself after it, so that a changed
# line of ours does not fetch everything anew.
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
# Kafka and NATS as sinks, gRPC for Envoys, NTLM: `--build-arg EXTRAS=` leaves them out.
ARG EXTRAS=--all-extras
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev $EXTRAS --no-install-project --python "$(command -v python3)"
COPY addon addon
COPY policies policies
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev $EXTRAS --python "$(command -v python3)" && python3 -m compileall -q addon

FROM ${BASE} AS client
# A machine behind the gateway: a browser on a screen that noVNC shows, and what one asks a network with. Nothing of ours.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        bind9-dnsutils ca-certificates chromium coturn curl fonts-dejavu-core iproute2 libnss3-tools novnc openbox openssl \
        procps scrot tigervnc-standalone-server websockify x11-utils >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home client
COPY lab/client.sh lab/browser.sh /opt/lab/
COPY lab/chromium.json /etc/chromium/policies/managed/lab.json
ENTRYPOINT ["/opt/lab/client.sh"]

FROM ${BASE} AS tierwall
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 nftables >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY --from=install /opt/tierwall /opt/tierwall
COPY lab/*.sh /opt/tierwall/lab/
# Volumes take over whose these folders are: the explicit proxy's are its user's, the gateway's are root's.
RUN useradd --system --uid 7457 --home-dir /var/lib/proxy --create-home tierwall \
    && install -d -m 0700 -o tierwall -g tierwall /var/lib/proxy/tierwall/ca /var/lib/proxy/tierwall/journal \
    && install -d -m 0700 /var/lib/gateway/tierwall/ca /var/lib/gateway/tierwall/journal
ENV PATH=/opt/tierwall/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 XDG_STATE_HOME=/var/lib/proxy
WORKDIR /opt/tierwall
USER tierwall
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080), 3)"]
ENTRYPOINT ["tierwall"]
CMD ["run", "--listen", "0.0.0.0:8080", "--journal", "/var/lib/proxy/tierwall/journal/journal.jsonl", \
     "--clients", "10.0.0.0/8", "--clients", "172.16.0.0/12", "--clients", "192.168.0.0/16"]

FROM tierwall AS stand-ins
# The vendors' servers as far as the lab needs them, with a real TURN server and a name server.
USER root
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends coturn dnsmasq-base >/dev/null \
    && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["/opt/tierwall/lab/stand-ins.sh"]

# The last one is what `docker build .` makes.
FROM tierwall
