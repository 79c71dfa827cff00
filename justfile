# `just` lists the recipes. Everything here also works without just: the lines are plain commands.
set positional-arguments

[private]
default:
    @just --list

# Format, lint, then run the tests whose name matches (all checks without a name)
dev *filter: fmt lint
    scripts/test "$@"

# Run every check and all tests on SQLite and PostgreSQL, as CI does; with a name, only the matching tests
test *filter:
    scripts/test "$@"

# Fetch from the built-in demo API into target/demo.db: no network, no limit on the rate
demo *arguments:
    mkdir -p target
    cargo run --release --locked --bin fetch-yts -- --demo --database-url "sqlite://target/demo.db?mode=rwc" "$@"

# Format the code
fmt:
    cargo fmt --all

# Lint the code as CI does
lint:
    cargo clippy --workspace --all-targets --features local-embeddings --locked -- -D warnings
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Measure crawls beside what network and databases cost by themselves (half an hour; arguments as in scripts/bench)
bench *arguments:
    scripts/bench "$@"

# Check licences, advisories and sources of the dependencies (needs cargo-deny)
deny:
    cargo deny --locked check

# Build the documentation of this workspace; `just docs --open` shows it
docs *arguments:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked "$@"

# Open a shell with a throwaway PostgreSQL in DATABASE_URL and psql on the PATH; it is gone when the shell ends
postgres:
    scripts/with-postgres bash -c 'export DATABASE_URL="$TEST_POSTGRES_URL" PATH="$PATH${TEST_POSTGRES_BIN:+:$TEST_POSTGRES_BIN}"; echo "DATABASE_URL=$DATABASE_URL"; exec "${SHELL:-bash}"'
