//! Running commands and saying what became of them.

use std::{
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::report::say;

/// Runs a command and shows its output; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let status = command.status().map_err(|error| format!("`{shown}`: {error}"))?;
    succeeded(&shown, status)
}

/// Runs a command like [`run`], and kills it when `limit` is over.
pub(crate) fn run_limited(command: &mut Command, limit: Duration) -> Result<(), String> {
    let shown = shown(command);
    say(&format!("$ {shown}"));
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("`{shown}`: {error}"))?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return succeeded(&shown, status),
            Ok(None) if start.elapsed() < limit => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(None) => {
                let killed = child.kill().and_then(|()| child.wait());
                let after = limit.as_secs_f64();
                return Err(match killed {
                    Ok(_) => format!("`{shown}` was killed after {after} s"),
                    Err(error) => format!("`{shown}` hangs after {after} s: {error}"),
                });
            }
            Err(error) => return Err(format!("`{shown}`: {error}")),
        }
    }
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = shown(command);
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("`{shown}`: {error}"))?;
    succeeded(&shown, output.status)?;
    String::from_utf8(output.stdout).map_err(|_| format!("`{shown}`: output is not UTF-8"))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn succeeded(shown: &str, status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn a_command_that_fails_or_does_not_exist_is_an_error() {
        let project = Project::open(false).unwrap();
        let failing = run(project.cargo().arg("no-such-subcommand").stderr(Stdio::null()));
        assert!(failing.unwrap_err().contains("no-such-subcommand"));
        let missing = run(&mut project.command("no-such-program-anywhere"));
        assert!(missing.unwrap_err().contains("no-such-program-anywhere"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_hangs_is_killed_and_is_an_error() {
        let project = Project::open(false).unwrap();
        let start = Instant::now();
        let hung = run_limited(project.command("sleep").arg("60"), Duration::from_millis(200));
        assert!(hung.unwrap_err().contains("was killed"));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
