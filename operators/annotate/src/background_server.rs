//! The background server: a thread of its own, so that people go on answering while a model trains.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use relata_active::ledger::Ledger;
use relata_data::DataError;
use relata_data::source::Samples;
use relata_oracle::{Question, Result};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::server::Server;
use crate::settings::PageConfig;
use crate::state::AppState;
use crate::waiter::Waiter;

/// A server that runs until it is dropped.
pub(crate) struct BackgroundServer {
    folder: PathBuf,
    invitation: String,
    state: Arc<AppState>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundServer {
    /// Starts a server for the run in this folder.
    pub(crate) fn start(samples: Samples, folder: &Path, settings: PageConfig) -> Result<Self> {
        let server = Server::of_oracle(samples, Ledger::open(folder)?, settings)?;
        let io = || DataError::io(folder);
        let runtime = Builder::new_current_thread().enable_all().build().map_err(io())?;
        let (state, handle) = (server.state().clone(), runtime.handle().clone());
        let invitation = server.invitation();
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let end = async { drop(stopped.await) };
            if let Err(error) = runtime.block_on(server.run(end)) {
                tracing::error!("{error}");
            }
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("relata-annotate".to_owned()).spawn(serve).map_err(io())?;
        let (folder, stop, thread) = (folder.to_path_buf(), Some(stop), Some(thread));
        Ok(Self { folder, invitation, state, runtime: handle, stop, thread })
    }

    /// A sentence with the link that people open.
    pub(crate) fn invitation(&self) -> &str {
        &self.invitation
    }

    /// The run folder that it serves.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its requests share.
    pub(crate) fn state(&self) -> &Arc<AppState> {
        &self.state
    }

    /// Asks the questions at the page, until they have all their answers.
    pub(crate) fn ask(&self, questions: &[Question]) -> Result<Waiter> {
        Waiter::start(&self.state, &self.runtime, questions)
    }
}

impl Drop for BackgroundServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed already.
            thread.join().ok();
        }
    }
}
