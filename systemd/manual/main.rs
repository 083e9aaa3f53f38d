//! Writes the manual pages and shell completions of both programs: `manual DIR` makes `DIR/man1`, `DIR/man8`, `DIR/bash`, `DIR/zsh` and
//! `DIR/fish`.
//!
//! They come from the definitions by which the programs read their command line, so none can tell otherwise than they do.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("manual: say the directory to write to");
        return ExitCode::from(2);
    };
    match write_all(&dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: cannot write to {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

fn write_all(dir: &Path) -> io::Result<()> {
    for kind in ["man1", "man8", "bash", "zsh", "fish"] {
        std::fs::create_dir_all(dir.join(kind))?;
    }
    for mut program in andon::cli::programs() {
        program.build();
        let name = program.get_name().to_owned();
        complete(&mut program, &name, dir)?;
        // 8: what an admin runs; 1: what anybody who logs in may.
        let section = if name == "andond" { "8" } else { "1" };
        pages(&program, &name, section, &dir.join(format!("man{section}")))?;
    }
    Ok(())
}

fn complete(program: &mut Command, name: &str, dir: &Path) -> io::Result<()> {
    for (shell, file) in [
        (Shell::Bash, format!("bash/{name}")),
        (Shell::Zsh, format!("zsh/_{name}")),
        (Shell::Fish, format!("fish/{name}.fish")),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, program, name, &mut text);
        std::fs::write(dir.join(file), text)?;
    }
    Ok(())
}

/// The page of a command, and of each below it: `andonctl-ticket-show.1`.
fn pages(command: &Command, name: &str, section: &str, dir: &Path) -> io::Result<()> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    for command in below {
        pages(command, &format!("{name}-{}", command.get_name()), section, dir)?;
    }
    let titled = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut text = Vec::new();
    Man::new(titled).section(section).manual("Andon Desk").render(&mut text)?;
    std::fs::write(dir.join(format!("{name}.{section}")), text)
}
