//! Authentication: the token, the names under which the server may be reached, and changes from its own page only.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::invitation::{Invitation, Invited};
use crate::token::AccessToken;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What every reply says: nothing from elsewhere, nothing inside other pages, nothing kept.
const SAFEGUARDS: [(&str, &str); 6] = [
    ("content-security-policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// The rules of one server about who may use it.
pub(crate) struct Auth {
    token: Option<AccessToken>,
    /// Where there are invitations, nobody else is let in.
    invitations: Vec<Invitation>,
    /// Whether cookies are for encrypted connections only.
    secure: bool,
    /// The cookie's name; cookies know no ports, so that the name does.
    cookie: String,
    /// The host in the address that was asked for.
    host: String,
}

impl Auth {
    pub(crate) fn new(token: Option<AccessToken>, address: &str, port: u16) -> Self {
        let (cookie, host) = (format!("relata-{port}"), host_of(address).to_ascii_lowercase());
        Self { token, invitations: vec![], secure: false, cookie, host }
    }

    /// Lets only those in who were invited.
    pub(crate) fn inviting(self, invitations: Vec<Invitation>) -> Self {
        Self { invitations, ..self }
    }

    /// Has cookies sent over encrypted connections only.
    pub(crate) fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// Who comes with a token; nobody if it is wrong.
    fn whose(&self, given: &str) -> Option<Invited> {
        if !self.invitations.is_empty() {
            let invitation = self.invitations.iter().find(|invitation| invitation.token.is(given))?;
            return Some(Invited(Some(invitation.name.clone())));
        }
        self.token.as_ref()?.is(given).then_some(Invited(None))
    }

    fn needs_token(&self) -> bool {
        self.token.is_some() || !self.invitations.is_empty()
    }

    /// Without a token, a page elsewhere may point a name of its own to this machine ("DNS rebinding"), so that only
    /// names of this machine are accepted. It does not have the token, so that with one any name will do.
    fn accepts_host(&self, host: &str) -> bool {
        let name = host_of(host).to_ascii_lowercase();
        let is_loopback = || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.needs_token() || name == self.host || name == "localhost" || is_loopback()
    }

    /// Who the request comes from, and the token that it is to be given as a cookie; nobody if it knows no token.
    fn authorises(&self, request: &Request) -> Option<(Invited, Option<String>)> {
        if !self.needs_token() {
            return Some((Invited(None), None));
        }
        // Programs have no cookies.
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(who) = header.and_then(|value| self.whose(value.strip_prefix("Bearer ")?.trim())) {
            return Some((who, None));
        }
        // The link comes before the cookie, which may be of another invitation.
        let mut given = request.uri().query().unwrap_or_default().split('&').filter_map(|part| part.split_once('='));
        let is_page = request.method() == Method::GET && request.uri().path() == "/";
        if is_page
            && let Some((_, token)) = given.find(|(name, _)| *name == "token")
            && let Some(who) = self.whose(token)
        {
            return Some((who, Some(token.to_owned())));
        }
        let cookies = request.headers().get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut own = pairs.filter(|(name, _)| *name == self.cookie);
        own.find_map(|(_, value)| self.whose(value)).map(|who| (who, None))
    }

    fn check(&self, request: &Request) -> Result<(Invited, Option<String>), ApiError> {
        let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let forbidden = |reason: &str| Err(ApiError::new(StatusCode::FORBIDDEN, reason));
        let Some(host) = text(HOST).filter(|host| self.accepts_host(host)) else {
            return forbidden("This page is served under the names of its own machine only: use the printed address.");
        };
        // A link from elsewhere may open the page, but nothing elsewhere may use what is behind it.
        if request.uri().path() != "/" && text(SITE).is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return forbidden("Requests of other sites are not accepted.");
        }
        let Some(authorised) = self.authorises(request) else {
            let reason = "Open the link that was given to you: it ends with ?token= and a secret.";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, reason));
        };
        if request.method() == Method::POST {
            let is_own = |origin: &str| origin.split_once("://").is_some_and(|(_, from)| from == host);
            if text(ORIGIN).is_some_and(|origin| !is_own(origin)) {
                return forbidden("Changes are accepted from the page itself only.");
            }
            let kind = text(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default();
            if !kind.trim().eq_ignore_ascii_case("application/json") {
                let reason = "Expected JSON with the content type application/json.";
                return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
            }
        }
        Ok(authorised)
    }
}

/// Lets in what the rules allow.
pub(crate) async fn authenticate(State(auth): State<Arc<Auth>>, mut request: Request, next: Next) -> Response {
    let mut response = match auth.check(&request) {
        Err(error) if request.uri().path() == "/" => error.into_page(),
        Err(error) => error.into_response(),
        Ok((who, cookie)) => {
            request.extensions_mut().insert(who);
            let mut response = next.run(request).await;
            if let Some(token) = cookie {
                let secure = if auth.secure { "; Secure" } else { "" };
                let cookie = format!("{}={token}; HttpOnly; SameSite=Strict; Path=/{secure}", auth.cookie);
                let cookie =
                    HeaderValue::try_from(cookie).expect("a token is made of letters, digits, `-`, `_` and `.`");
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
    };
    for (name, value) in SAFEGUARDS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The host of `host`, `host:port` or `[address]:port`.
fn host_of(authority: &str) -> &str {
    if let Some((address, _)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::annotator_name::AnnotatorName;

    fn ask(auth: &Auth, method: Method, path: &str, headers: &[(&str, &str)]) -> Result<bool, u16> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        auth.check(&request.body(Body::empty()).unwrap())
            .map(|(_, cookie)| cookie.is_some())
            .map_err(|error| error.into_response().status().as_u16())
    }

    #[test]
    fn hosts_are_separated_from_ports() {
        for (authority, host) in [("a.b:80", "a.b"), ("a", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", "")] {
            assert_eq!(host_of(authority), host);
        }
    }

    #[test]
    fn without_a_token_only_names_of_this_machine_are_accepted() {
        let auth = Auth::new(None, "My-Alias:80", 80);
        let host = |name| ask(&auth, Method::GET, "/", &[("host", name)]);
        for own in ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:80", "127.3.2.1", "my-alias:80"] {
            assert_eq!(host(own), Ok(false), "{own}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example", "192.168.0.1:80", "localhost.evil.example:80", ""] {
            assert_eq!(host(other), Err(403), "{other}");
        }
        assert_eq!(ask(&auth, Method::GET, "/", &[]), Err(403));
    }

    #[test]
    fn where_people_are_invited_nobody_else_is_let_in() {
        let secret = AccessToken::new("correct-horse");
        let invite = |name: &str| Invitation { name: name.to_owned(), token: secret.of_person(name) };
        let auth = Auth::new(Some(secret.clone()), "0.0.0.0:80", 80).inviting(vec![invite("Ada"), invite("Bob")]);
        let who = |path: String, cookie: &str| {
            let request = Request::builder().uri(path).header("host", "any.example").header("cookie", cookie);
            auth.check(&request.body(Body::empty()).unwrap()).ok().and_then(|(who, _)| who.0)
        };
        let (ada, bob) = (invite("Ada").token, invite("Bob").token);
        assert_eq!(who(format!("/?token={}", ada.reveal()), "").as_deref(), Some("Ada"));
        assert_eq!(who("/api/next".to_owned(), &format!("relata-80={}", bob.reveal())).as_deref(), Some("Bob"));
        // A new link takes the place of the cookie of another.
        let bob_before = format!("relata-80={}", bob.reveal());
        assert_eq!(who(format!("/?name=Ada&token={}", ada.reveal()), &bob_before).as_deref(), Some("Ada"));
        assert_eq!(who("/?token=correct-horse".to_owned(), ""), None);
        assert_ne!(secret.of_person("Ada").reveal(), AccessToken::new("another-horse").of_person("Ada").reveal());
        let named = |name: &str| AnnotatorName::try_from(name.to_owned()).unwrap();
        assert!(Invited(Some("Ada".to_owned())).check(&named("Bob")).is_err());
        assert!(
            Invited(Some("Ada".to_owned())).check(&named(" Ada ")).is_ok() && Invited(None).check(&named("x")).is_ok()
        );
    }

    #[test]
    fn changes_come_as_json_from_the_page_itself() {
        let auth = Auth::new(None, "127.0.0.1:80", 80);
        let post = |more: &[(&str, &str)]| {
            let headers = [&[("host", "localhost:80"), ("content-type", "application/json; charset=utf-8")], more];
            ask(&auth, Method::POST, "/api/answer", &headers.concat())
        };
        assert_eq!(post(&[]), Ok(false));
        assert_eq!(post(&[("origin", "http://localhost:80"), ("sec-fetch-site", "same-origin")]), Ok(false));
        for origin in ["http://localhost:81", "http://evil.example", "null", "localhost:80"] {
            assert_eq!(post(&[("origin", origin)]), Err(403), "{origin}");
        }
        assert_eq!(post(&[("sec-fetch-site", "cross-site")]), Err(403));
        let form = [("host", "localhost"), ("content-type", "text/plain")];
        assert_eq!(ask(&auth, Method::POST, "/api/undo", &form), Err(415));
        assert_eq!(ask(&auth, Method::POST, "/api/undo", &form[..1]), Err(415));
        let link = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        assert_eq!(ask(&auth, Method::GET, "/", &link), Ok(false));
        assert_eq!(ask(&auth, Method::GET, "/api/next", &link), Err(403));
    }

    #[test]
    fn the_token_is_taken_from_the_link_once_and_then_from_the_cookie() {
        let auth = Auth::new(Some(AccessToken::new("correct-horse")), "0.0.0.0:80", 80);
        let get = |path, cookie| ask(&auth, Method::GET, path, &[("host", "any.example"), ("cookie", cookie)]);
        assert_eq!(get("/", ""), Err(401));
        assert_eq!(get("/?token=correct", ""), Err(401));
        assert_eq!(get("/?a=b&token=correct-horse", ""), Ok(true));
        assert_eq!(get("/api/next?token=correct-horse", ""), Err(401));
        assert_eq!(get("/api/next", "x=y; relata-80=correct-horse"), Ok(false));
        assert_eq!(get("/api/next", "relata-81=correct-horse"), Err(401));
        assert_eq!(get("/api/next", "relata-80=correct-hors_"), Err(401));
        let program = |header| ask(&auth, Method::GET, "/x", &[("host", "any.example"), ("authorization", header)]);
        assert_eq!(
            (program("Bearer correct-horse"), program("Bearer correct"), program("")),
            (Ok(false), Err(401), Err(401))
        );
    }
}
