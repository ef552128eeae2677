//! The batch queue: batches of questions are asked at the same time until all have answers or one fails.

use std::collections::VecDeque;
use std::sync::Arc;

use relata_oracle::{OracleError, Question, Record, Result};
use tokio::task::JoinSet;

use crate::batch::{BatchContext, QuestionBatch};
use crate::cancellable_sleep::CancelSleepOnDrop;
use crate::name::ORACLE;

/// Has at least one question answered, with so many questions in a request and so many requests under way at most. The
/// answers of a request are recorded as soon as they come.
pub(crate) async fn answer_all(
    context: &Arc<BatchContext>,
    questions: &[Question],
    batch_size: usize,
    concurrency: usize,
    out: &dyn Record,
) -> Result<()> {
    // Whoever sleeps on a thread of its own wakes up if the pipeline goes away.
    let _cancel = CancelSleepOnDrop(context.cancel.clone());
    let mut waiting: VecDeque<QuestionBatch> =
        questions.chunks(batch_size).map(|batch| QuestionBatch::new(context.clone(), batch)).collect();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        while failure.is_none()
            && running.len() < concurrency
            && let Some(batch) = waiting.pop_front()
        {
            running.spawn_blocking(move || batch.attempt());
        }
        // After a failure, what is under way is awaited still: its answers may have been paid for.
        let Some(done) = running.join_next().await else { break };
        let next = match done {
            Ok((batch, attempt)) => out.record(&attempt.answers).and_then(|()| batch.next(attempt)),
            Err(error) => Err(broken(&questions[0], &error.to_string())),
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

fn broken(question: &Question, found: &str) -> OracleError {
    OracleError::Answer {
        oracle: ORACLE.to_owned(),
        question: question.question,
        expected: "a request that ends".to_owned(),
        found: found.to_owned(),
        hint: "This is a defect of Relata: please report it.".to_owned(),
    }
}
