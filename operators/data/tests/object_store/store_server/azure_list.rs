//! Lists of blobs as Azure writes them.

use super::request::Request;
use super::time;

/// All blobs of a container below a prefix, on one page.
pub fn page(request: &Request, objects: &[(&str, usize, u64)]) -> String {
    let prefix = request.parameter("prefix").unwrap_or_default();
    let mut blobs = String::new();
    for (key, length, version) in objects.iter().filter(|(key, ..)| key.starts_with(prefix)) {
        blobs.push_str(&format!(
            "<Blob><Name>{key}</Name><Properties><Last-Modified>{}</Last-Modified>\
             <Content-Length>{length}</Content-Length><Content-Type>text/csv</Content-Type><Etag>{version}</Etag>\
             </Properties></Blob>",
            time(*version)
        ));
    }
    format!("<EnumerationResults><Prefix>{prefix}</Prefix><Blobs>{blobs}</Blobs></EnumerationResults>")
}
