//! Arguments about who may use a server: the token, and the certificate.

use std::env;
use std::path::PathBuf;

use relata_annotate::AccessToken;

/// The variable that holds the token, so that it need not be an argument, which others on this machine can see.
const TOKEN: &str = "RELATA_TOKEN";

/// Who may use a server.
#[derive(Debug, clap::Args)]
pub struct AccessArguments {
    /// The secret that everybody needs [default: the variable RELATA_TOKEN, or else one drawn at random].
    #[arg(long)]
    token: Option<String>,
    /// Lets everybody on this machine in, and every program that runs on it; refused beyond it.
    #[arg(long, conflicts_with = "token")]
    pub without_token: bool,
    /// The chain of certificates (PEM) with which connections are encrypted, the server's first.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

impl AccessArguments {
    /// The token; none where nobody needs one.
    pub fn token(&self) -> Option<AccessToken> {
        let given = self.token.clone().or_else(|| env::var(TOKEN).ok().filter(|token| !token.is_empty()));
        (!self.without_token).then(|| given.map_or_else(AccessToken::generate, AccessToken::new))
    }

    /// The files of the certificate and its key.
    pub fn tls(&self) -> Option<(PathBuf, PathBuf)> {
        self.tls_certificate.clone().zip(self.tls_key.clone())
    }
}
