//! `relata serve`: lookups of records in a run, as JSON over HTTP.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::lookup::{Lookup, LookupServer};
use relata_annotate::Tls;

use crate::access_arguments::AccessArguments;
use crate::ask::until_ctrl_c;
use crate::failure::{Failure, Outcome};

/// Keeps a run in memory and looks records up in it, as JSON over HTTP, until Ctrl-C: `POST /lookup` of a record gives its
/// best matches and its entity; `GET /` tells the columns that a record may have.
///
/// Programs need a token, which they send as `Authorization: Bearer TOKEN`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  relata serve runs/people --token correct-horse\n  curl -H 'Authorization: Bearer correct-horse' -H 'content-type: application/json' -d '{\"name\": \"Ann\"}' http://127.0.0.1:7879/lookup"
)]
pub struct Arguments {
    /// The folder that a pipeline with `.decide(entities())`, or `relata extend`, wrote.
    run: PathBuf,
    /// Host and port to listen on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7879")]
    address: String,
    #[command(flatten)]
    access: AccessArguments,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let tls = arguments.access.tls().map(|(chain, key)| Tls::read(chain, key)).transpose();
    let tls = tls.map_err(|error| Failure::Usage(error.to_string()))?;
    let lookup = Lookup::open(&Run::open(&arguments.run)?).await?;
    let rows = lookup.len();
    let server = LookupServer::bind(lookup, &arguments.address, arguments.access.token())?.tls(tls);
    eprintln!("{rows} rows in memory; records are looked up at {}", server.link());
    server.run(until_ctrl_c()).await?;
    Ok(writeln!(stdout(), "stopped")?)
}
