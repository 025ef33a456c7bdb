# Image of Crosswire: one static program, its topics and the CA certificates, without a shell.
# RUN, or the first argument, names the process: standalone (the default), web or worker.
#
#   docker build -t crosswire .
#   docker run -p 62023:62023 -v crosswire:/data -e SECRET_KEY=... -e PUBLIC_URL=https://... \
#     -e TWILIO_ACCOUNT_SID=AC... -e TWILIO_AUTH_TOKEN=... crosswire

# An image with Rust for musl, a C compiler and the CA certificates.
ARG BUILDER=docker.io/library/rust:1.95-alpine

FROM ${BUILDER} AS build
WORKDIR /src
ENV CARGO_PROFILE_RELEASE_STRIP=symbols
# A layer with the dependencies, which is made anew only when these two files change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p bin src && touch src/lib.rs && echo 'fn main() {}' > bin/crosswire.rs \
    && cargo build --release --locked --bin crosswire
COPY .config .config
COPY bin bin
COPY docs/handlers.md docs/
COPY src src
# The files of the layer above are younger than the copied ones.
RUN touch src/lib.rs bin/crosswire.rs \
    && cargo install --locked --path . --bin crosswire --root /out \
    && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/bin/crosswire /usr/local/bin/
# The embedded store, when REDIS_URL is not set. Mount a volume here.
COPY --from=build --chown=65532:65532 /out/data /data
COPY topics.toml /etc/crosswire/
ENV RUN=standalone \
    DATA_DIR=/data \
    TOPICS_FILE=/etc/crosswire/topics.toml \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PATH=/usr/local/bin
# A number, by which Kubernetes sees that it is not root.
USER 65532:65532
EXPOSE 62023
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["crosswire", "health"]
ENTRYPOINT ["crosswire"]
