//! The daemon.

fn main() -> std::process::ExitCode {
    andon::cli::andond::main()
}
