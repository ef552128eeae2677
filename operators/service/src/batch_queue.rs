//! The batch queue: batches of questions are asked at the same time until all have answers or one fails. What a service
//! has answered is recorded, also when nobody waits for it any more.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use relata_oracle::{Answer, OracleError, Question, Record, Result};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_blocking;

use crate::batch::{BatchContext, QuestionBatch, RequestOutcome};
use crate::name::ORACLE;

/// How long requests under way are awaited when the pipeline goes away.
const GRACE: Duration = Duration::from_secs(5);
/// How long answers are kept that cannot be written down yet, since somebody else writes or the disk is full.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before trying again.
const PAUSE: Duration = Duration::from_millis(200);

/// Requests under way, and those whose answers are not recorded yet.
static UNRECORDED: AtomicUsize = AtomicUsize::new(0);

/// How many requests of this process are under way, or have answers that are not recorded yet: a process that ends now
/// loses what they cost.
pub fn unrecorded_requests() -> usize {
    UNRECORDED.load(Ordering::SeqCst)
}

/// Has at least one question answered, with so many questions in a request and so many requests under way at most. The
/// answers of a request are recorded as soon as they come.
pub(crate) async fn answer_all(
    context: &Arc<BatchContext>,
    questions: &[Question],
    batch_size: usize,
    concurrency: usize,
    out: &dyn Record,
) -> Result<()> {
    let mut waiting: VecDeque<QuestionBatch> =
        questions.chunks(batch_size).map(|batch| QuestionBatch::new(context.clone(), batch)).collect();
    let mut running = Running::new(context, out);
    let mut failure = None;
    loop {
        while failure.is_none()
            && running.requests < concurrency
            && let Some(batch) = waiting.pop_front()
        {
            running.start(batch);
        }
        // After a failure, what is under way is awaited still: its answers may have been paid for.
        let Some(done) = running.next().await else { break };
        let next = match done {
            Some((batch, outcome)) => match running.record(&outcome.answers).await {
                Ok(()) => batch.next(outcome),
                Err(error) => Err(error),
            },
            None => Err(broken(&questions[0], "a panic")),
        };
        running.finished();
        match next {
            Ok(batch) => batch.into_iter().for_each(|batch| waiting.push_front(batch)),
            Err(error) => {
                context.cancel.set();
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// A request that has ended; nothing for one that has panicked.
type Done = Option<(QuestionBatch, RequestOutcome)>;

/// Requests under way. Dropped with the pipeline, it records what comes within a moment.
struct Running<'a> {
    context: &'a Arc<BatchContext>,
    out: &'a dyn Record,
    requests: usize,
    ended: (UnboundedSender<Done>, UnboundedReceiver<Done>),
}

impl<'a> Running<'a> {
    fn new(context: &'a Arc<BatchContext>, out: &'a dyn Record) -> Self {
        Self { context, out, requests: 0, ended: unbounded_channel() }
    }

    fn start(&mut self, batch: QuestionBatch) {
        self.requests += 1;
        UNRECORDED.fetch_add(1, Ordering::SeqCst);
        let ended = self.ended.0.clone();
        spawn_blocking(move || {
            let done = catch_unwind(AssertUnwindSafe(|| batch.attempt())).ok();
            // Nobody listens after the moment that the drop waits.
            let _ = ended.send(done);
        });
    }

    /// The next request that ends; none if there is none under way.
    async fn next(&mut self) -> Option<Done> {
        match self.requests {
            0 => None,
            _ => self.ended.1.recv().await,
        }
    }

    fn finished(&mut self) {
        self.requests -= 1;
        UNRECORDED.fetch_sub(1, Ordering::SeqCst);
    }

    /// Records answers, which are paid for, however often it takes.
    async fn record(&self, answers: &[Answer]) -> Result<()> {
        let start = Instant::now();
        loop {
            match self.out.record(answers) {
                Err(error) if is_passing(&error) && start.elapsed() < PATIENCE => {
                    // The runtime may have no timers. A task that cannot be waited for is a pause that was none.
                    let _ = spawn_blocking(|| sleep(PAUSE)).await;
                }
                outcome => return outcome,
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Whoever sleeps on a thread of its own wakes up and sends nothing any more.
        self.context.cancel.set();
        let start = Instant::now();
        while self.requests > 0 && start.elapsed() < GRACE {
            match self.ended.1.try_recv() {
                Ok(Some((_, outcome))) => {
                    while let Err(error) = self.out.record(&outcome.answers) {
                        if !is_passing(&error) || start.elapsed() >= GRACE {
                            tracing::error!("answers of a service could not be written down: {error}");
                            break;
                        }
                        sleep(PAUSE);
                    }
                    self.finished();
                }
                Ok(None) => self.finished(),
                Err(_) => sleep(Duration::from_millis(5)),
            }
        }
        UNRECORDED.fetch_sub(self.requests, Ordering::SeqCst);
    }
}

/// Whether an error may be gone in a while: everything but what is wrong with the answers themselves.
fn is_passing(error: &OracleError) -> bool {
    !matches!(error, OracleError::Answer { .. })
}

fn broken(question: &Question, found: &str) -> OracleError {
    OracleError::Answer {
        oracle: ORACLE.to_owned(),
        question: question.question,
        expected: "a request that ends".to_owned(),
        found: found.to_owned(),
        hint: "This is a defect of Relata: please report it.".to_owned(),
    }
}
