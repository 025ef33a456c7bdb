# Heroku sources this before it starts a process: its Rust build leaves the programs here, and the
# Procfile calls them by name.
export PATH="$HOME/target/release:$PATH"
