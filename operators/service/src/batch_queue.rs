//! The batch queue: batches of questions are asked at the same time until all have answers or one fails. What a service
//! has answered is recorded, also when nobody waits for it any more.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use relata_oracle::{OracleError, Question, Record, Result};
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
        if !running.next().await {
            break;
        }
        let recorded = running.record().await;
        let next = match (running.finished(), recorded) {
            (Some((batch, outcome)), Ok(())) => batch.next(outcome),
            (Some(_), Err(error)) => Err(error),
            (None, _) => Err(broken(&questions[0], "a panic")),
        };
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
    /// What came last and is not recorded yet: it outlives whoever waits for that.
    pending: Option<(QuestionBatch, RequestOutcome)>,
    /// Since when nothing could be written down.
    failing: Option<Instant>,
    ended: (UnboundedSender<Done>, UnboundedReceiver<Done>),
}

impl<'a> Running<'a> {
    fn new(context: &'a Arc<BatchContext>, out: &'a dyn Record) -> Self {
        Self { context, out, requests: 0, pending: None, failing: None, ended: unbounded_channel() }
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

    /// Waits for the next request that ends; false if there is none under way.
    async fn next(&mut self) -> bool {
        if self.requests == 0 {
            return false;
        }
        self.pending = self.ended.1.recv().await.flatten();
        true
    }

    /// Records the answers that came last, which are paid for, however often it takes.
    async fn record(&mut self) -> Result<()> {
        while let Err(error) = self.try_record() {
            if !is_passing(&error) || self.failing.is_some_and(|since| since.elapsed() > PATIENCE) {
                return Err(error);
            }
            // The runtime may have no timers. A task that cannot be waited for is a pause that was none.
            let _ = spawn_blocking(|| sleep(PAUSE)).await;
        }
        Ok(())
    }

    fn try_record(&mut self) -> Result<()> {
        let Some((_, outcome)) = &self.pending else { return Ok(()) };
        match self.out.record(&outcome.answers) {
            Ok(()) => self.failing = None,
            Err(error) => {
                self.failing.get_or_insert_with(Instant::now);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The request whose answers are recorded, or lost; nothing for one that has panicked.
    fn finished(&mut self) -> Done {
        self.requests -= 1;
        UNRECORDED.fetch_sub(1, Ordering::SeqCst);
        self.pending.take()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Whoever sleeps on a thread of its own wakes up and sends nothing any more.
        self.context.cancel.set();
        let start = Instant::now();
        while self.requests > 0 && start.elapsed() < GRACE {
            if self.pending.is_none() {
                match self.ended.1.try_recv() {
                    Ok(Some(done)) => self.pending = Some(done),
                    Ok(None) => drop(self.finished()),
                    Err(_) => sleep(Duration::from_millis(5)),
                }
                continue;
            }
            match self.try_record() {
                Ok(()) => drop(self.finished()),
                Err(error) if is_passing(&error) => sleep(PAUSE),
                Err(error) => {
                    tracing::error!("answers of a service could not be written down: {error}");
                    self.finished();
                }
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
