//! Prompt: statements over any number of lines, a history, and errors that end nothing.

use std::io::{ErrorKind, IsTerminal, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use relata_data::Session;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use relata::sql::{Access, Format, SqlError, Statements, describe, functions, query_with, write_result};

const HELP: &str = "Statements end with a semicolon; \\d lists the tables, \\? the functions, \\q quits.";

/// Reads statements from the terminal, or from a pipe, until `\q` or the end of input, and prints their answers.
/// Ctrl-C clears what is typed or stops a running query; `\d` lists the tables. Lines are kept in the file `history`.
/// [`SqlError::Statements`] at the end of a pipe of statements of which some failed.
pub async fn prompt(session: Session, access: Access, history: PathBuf) -> Result<(), SqlError> {
    match converse((&session, access), &history).await {
        // Whoever read the answers has left.
        Err(SqlError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

async fn converse((session, access): (&Session, Access), history: &Path) -> Result<(), SqlError> {
    let interactive = stdin().is_terminal();
    let mut editor = DefaultEditor::new().map_err(input_error)?;
    if interactive {
        // There is no file before the first statement.
        let _ = editor.load_history(history);
        writeln!(stdout(), "{HELP}")?;
    }
    let mut statements = Statements::default();
    let (mut asked, mut failed) = (0, 0);
    // At a terminal somebody has read the errors.
    let ended = |asked: usize, failed: usize| match interactive || failed == 0 {
        true => Ok(()),
        false => Err(SqlError::Statements { failed, asked }),
    };
    loop {
        let prompt = if statements.is_empty() { "relata> " } else { "     -> " };
        let (returned, line) = read_line(editor, prompt).await?;
        editor = returned;
        let (complete, last) = match line {
            Ok(line) if statements.is_empty() && line.trim_start().starts_with('\\') => {
                if line.trim().trim_end_matches(';') == "\\q" {
                    return ended(asked, failed);
                }
                report(command(session, line.trim(), &mut stdout()).await)?;
                continue;
            }
            Ok(line) => (statements.push(&line), false),
            Err(ReadlineError::Interrupted) => {
                statements = Statements::default();
                continue;
            }
            Err(ReadlineError::Eof) => (statements.take().into_iter().collect(), true),
            Err(error) => return Err(input_error(error)),
        };
        for statement in complete {
            if interactive {
                remember(&mut editor, history, &statement);
            }
            asked += 1;
            failed += usize::from(!report(run(session, &statement, access, interactive).await)?);
        }
        if last {
            return ended(asked, failed);
        }
    }
}

/// Waits for a line on a thread of its own, so that the runtime goes on.
async fn read_line(
    mut editor: DefaultEditor,
    prompt: &'static str,
) -> Result<(DefaultEditor, Result<String, ReadlineError>), SqlError> {
    let reading = tokio::task::spawn_blocking(move || {
        let line = editor.readline(prompt);
        (editor, line)
    });
    reading.await.map_err(|error| SqlError::Input(error.to_string()))
}

/// Does what a line with a backslash asks.
async fn command(session: &Session, line: &str, out: &mut impl Write) -> Result<(), SqlError> {
    match line.trim_end_matches(';') {
        "\\d" => write!(out, "{}", describe(session).await?)?,
        "\\?" => writeln!(out, "{}{HELP}", functions())?,
        _ => writeln!(out, "There is no command {line}. {HELP}")?,
    }
    Ok(())
}

/// Prints an error and goes on, unless it is that nothing can be printed; says whether there was none.
fn report(outcome: Result<(), SqlError>) -> Result<bool, SqlError> {
    match outcome {
        Err(SqlError::Output(error)) => Err(SqlError::Output(error)),
        Err(error) => {
            eprintln!("error: {error}");
            Ok(false)
        }
        Ok(()) => Ok(true),
    }
}

async fn run(session: &Session, statement: &str, access: Access, interactive: bool) -> Result<(), SqlError> {
    let answer = answer(session, statement, access, stdout());
    if !interactive {
        return answer.await;
    }
    tokio::select! {
        answered = answer => answered,
        _ = tokio::signal::ctrl_c() => Ok(writeln!(stdout(), "stopped")?),
    }
}

async fn answer(
    session: &Session,
    statement: &str,
    access: Access,
    mut out: impl Write + Send,
) -> Result<(), SqlError> {
    let frame = query_with(session, statement, access).await?;
    let rows = write_result(frame, Format::Table, &mut out).await?;
    Ok(writeln!(out, "{rows} row{}", if rows == 1 { "" } else { "s" })?)
}

/// Adds a statement to the history; a folder that cannot be written to is no reason to stop asking.
fn remember(editor: &mut DefaultEditor, history: &Path, statement: &str) {
    let _ = editor.add_history_entry(format!("{statement};"));
    let _ = editor.append_history(history);
}

fn input_error(error: ReadlineError) -> SqlError {
    SqlError::Input(error.to_string())
}

#[cfg(test)]
mod tests {
    use relata::sql::session;

    use super::*;

    #[tokio::test]
    async fn statements_and_commands_are_answered() {
        let session = session(&[]).await.unwrap();
        let mut out = Vec::new();
        answer(&session, "CREATE VIEW numbers AS SELECT 0 AS id", Access::Read, &mut out).await.unwrap();
        out.clear();
        command(&session, "\\d;", &mut out).await.unwrap();
        command(&session, "\\x", &mut out).await.unwrap();
        command(&session, "\\?", &mut out).await.unwrap();
        answer(&session, "CREATE VIEW v AS SELECT id + 7 AS seven FROM numbers", Access::Read, &mut out).await.unwrap();
        answer(&session, "SELECT * FROM v", Access::Read, &mut out).await.unwrap();
        assert!(!report(answer(&session, "SELEC", Access::Read, &mut out).await).unwrap());
        assert!(report(Err(SqlError::Output(ErrorKind::BrokenPipe.into()))).is_err());
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("numbers") && text.contains("\n    id "), "{text}");
        assert!(text.contains("no command \\x"), "{text}");
        assert!(text.contains("nearest(embeddings, TABLE, K") && text.contains("cosine_distance(a, b)"), "{text}");
        assert!(text.ends_with("| seven |\n+-------+\n| 7     |\n+-------+\n1 row\n"), "{text}");
    }

    #[test]
    fn the_history_outlives_the_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history");
        for statement in ["SELECT\n1", "SELECT 2"] {
            let mut editor = DefaultEditor::new().unwrap();
            let _ = editor.load_history(&history);
            remember(&mut editor, &history, statement);
        }
        let mut editor = DefaultEditor::new().unwrap();
        editor.load_history(&history).unwrap();
        assert_eq!(editor.history().into_iter().collect::<Vec<_>>(), ["SELECT\n1;", "SELECT 2;"]);
    }
}
