//! `relata serve`: lookups of records in a run, as JSON over HTTP.

use std::env;
use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::lookup::{Lookup, LookupServer};
use relata_annotate::AccessToken;

use crate::ask::{TOKEN, is_beyond, until_ctrl_c};
use crate::failure::Outcome;

/// Keeps a run in memory and looks records up in it, as JSON over HTTP, until Ctrl-C: `POST /lookup` of a record gives its
/// best matches and its entity; `GET /` tells the columns that a record may have.
///
/// Beyond this machine, programs need a token, which they send as `Authorization: Bearer TOKEN`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  relata serve runs/people\n  curl -H 'content-type: application/json' -d '{\"name\": \"Ann\"}' http://127.0.0.1:7879/lookup"
)]
pub struct Arguments {
    /// The folder that a pipeline with `.decide(entities())`, or `relata extend`, wrote.
    run: PathBuf,
    /// Host and port to listen on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7879")]
    address: String,
    /// The secret that programs need [default: the variable RELATA_TOKEN; else, beyond this machine, one drawn at random].
    #[arg(long)]
    token: Option<String>,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let token = arguments.token.or_else(|| env::var(TOKEN).ok().filter(|token| !token.is_empty()));
    let token = token.map(AccessToken::new).or_else(|| is_beyond(&arguments.address).then(AccessToken::generate));
    let lookup = Lookup::open(&Run::open(&arguments.run)?).await?;
    let rows = lookup.len();
    let server = LookupServer::bind(lookup, &arguments.address, token)?;
    eprintln!("{rows} rows in memory; records are looked up at {}", server.link());
    server.run(until_ctrl_c()).await?;
    Ok(writeln!(stdout(), "stopped")?)
}
