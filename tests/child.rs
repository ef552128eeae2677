//! Processes that can be killed or limited: the test binary starts itself with a job in its environment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use relata::prelude::*;

use crate::{disk_full, resume, resume_asking, threads};

const JOB: &str = "RELATA_TEST_JOB";
const FOLDER: &str = "RELATA_TEST_FOLDER";

/// What a child process does in its folder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Job {
    /// The pipeline of [`resume`].
    Train,
    /// The same, but with many more epochs than anybody waits for.
    TrainForLong,
    /// The pipeline of [`resume_asking`].
    Ask,
    /// The same with an oracle that takes its time, and says how that went.
    AskSlowly,
    /// The pipeline of [`threads`].
    TrainOnThreads,
    /// Overwrites a table, and says how that went.
    Overwrite,
    /// Runs a pipeline, and says how that went.
    RunAndTell,
    /// Fails like a `main` that returns the error of a pipeline.
    FailInMain,
}

const JOBS: [Job; 8] = [
    Job::Train,
    Job::TrainForLong,
    Job::Ask,
    Job::AskSlowly,
    Job::TrainOnThreads,
    Job::Overwrite,
    Job::RunAndTell,
    Job::FailInMain,
];

/// A process that does this job, without output.
pub fn command(job: Job, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child::process", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(JOB, format!("{job:?}")).env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The same, where no file may grow beyond `kilobytes`: what a full disk looks like to a process.
pub fn limited_command(job: Job, folder: &Path, kilobytes: usize) -> Command {
    let plain = command(job, folder);
    let mut command = Command::new("bash");
    // The signal of the limit is ignored, so that writes fail with an error as they do on a full disk.
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"")]);
    command.arg(plain.get_program()).args(plain.get_args());
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a process and gives it back as soon as a file of this name is in its folder.
pub fn start_until(job: Job, folder: &Path, name: &str) -> Child {
    let child = command(job, folder).spawn().unwrap();
    let start = Instant::now();
    while !folder.join(name).exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no {name} after a minute");
        std::thread::sleep(Duration::from_micros(200));
    }
    child
}

/// Ends a process with SIGKILL.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Sends a signal by its name, such as `INT` for Ctrl-C.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("bash").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(sent.success());
}

/// The body of child processes; nothing to test where there is no job.
#[test]
fn process() -> relata::Result<()> {
    let Ok(job) = std::env::var(JOB) else { return Ok(()) };
    let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match JOBS.into_iter().find(|known| format!("{known:?}") == job).unwrap() {
        Job::Train => drop(runtime.block_on(resume::pipeline(&folder, 3).run_async()).unwrap()),
        Job::TrainForLong => drop(runtime.block_on(resume::pipeline(&folder, 1_000_000).run_async()).unwrap()),
        Job::Ask => drop(runtime.block_on(resume_asking::pipeline(&folder, labels("label")).run_async()).unwrap()),
        Job::AskSlowly => {
            let pipeline = resume_asking::pipeline(&folder, resume_asking::Slow::default());
            tell(runtime.block_on(pipeline.cancel_with(Cancel::on_ctrl_c()).run_async()));
        }
        Job::TrainOnThreads => drop(runtime.block_on(threads::pipeline(&folder).run_async()).unwrap()),
        Job::Overwrite => println!("{}", disk_full::overwrite(&folder)),
        Job::RunAndTell => tell(runtime.block_on(resume::pipeline(&folder, 3).run_async())),
        Job::FailInMain => {
            let related = Pipeline::read(csv(folder.join("missing.csv"))).views(2, noise(0.1)).relate(same_sample());
            related.solve(closed_form(Kernel::Linear, 1)).write(folder.join("run")).run()?;
        }
    }
    Ok(())
}

fn tell(result: relata::Result<Run>) {
    match result {
        Ok(_) => println!("the run ended"),
        Err(error) => println!("error: {error}"),
    }
}
