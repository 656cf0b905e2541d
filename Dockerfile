# SPDX-License-Identifier: PostgreSQL
# PostgreSQL with genops_tempo, preloaded.
#
#   docker build --build-arg POSTGRES_MAJOR=17 -t genops-tempo-postgresql:17 .
ARG POSTGRES_MAJOR=15

FROM postgres:${POSTGRES_MAJOR}-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc \
	libc6-dev \
	libcjson-dev \
	libcurl4-openssl-dev \
	libpcre2-dev \
	libprotobuf-c-dev \
	make \
	postgresql-server-dev-${PG_MAJOR} \
	protobuf-c-compiler \
	zlib1g-dev
WORKDIR /source
COPY Makefile *.mk genops_tempo.control ./
COPY core core
COPY proto proto
COPY sql sql
COPY data data
COPY scripts/price_script scripts/price_script
COPY src src
ARG PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config
RUN make -j"$(nproc)" all PG_CONFIG=${PG_CONFIG} && \
	make install PG_CONFIG=${PG_CONFIG} DESTDIR=/installed

FROM postgres:${POSTGRES_MAJOR}-bookworm
# What the library is linked to, and whom it trusts over https.
RUN apt-get update && apt-get install -y --no-install-recommends \
	ca-certificates \
	libcjson1 \
	libcurl4 \
	libpcre2-8-0 \
	libprotobuf-c1 \
	zlib1g \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
# For every cluster that this image makes; and a place for logs that a volume takes over, owner
# included.
RUN echo "shared_preload_libraries = 'genops_tempo'" >> /usr/share/postgresql/postgresql.conf.sample && \
	install -d -o postgres -g postgres -m 0755 /var/log/postgresql
