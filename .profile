# Heroku sources this file before it starts a process, whose program the Procfile names. The Rust
# buildpack leaves the programs in target/release.
export PATH="$HOME/target/release:$PATH"
