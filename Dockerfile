# Two images: `reifegrad` (Airflow, MLflow and the stations) and `crm` (the demo CRM on top).
FROM python:3.13-slim-bookworm AS reifegrad

RUN useradd --create-home --uid 1000 reifegrad
WORKDIR /opt/reifegrad

# The environment first, so that a change of code does not build it anew.
COPY requirements requirements
RUN pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
    && uv pip install --system --no-cache --require-hashes --compile-bytecode \
        --requirement requirements/runtime.txt --requirement requirements/fetch.txt \
        --requirement requirements/containers.txt

COPY . .
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable . \
    && python -m nights.manifest && mkdir data && chown reifegrad data
USER reifegrad
VOLUME /opt/reifegrad/data


FROM reifegrad AS crm
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends nodejs npm \
    && rm -rf /var/lib/apt/lists/*
# Tryton stands in an environment of its own (GPL-3) and is spoken to over JSON-RPC only.
RUN reifegrad setup-crm && chown -R reifegrad .venv-crm .tools
USER reifegrad
