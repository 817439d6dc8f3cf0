//! The files that pages need: a style sheet and a script of ours, and what a side adds. Each is served under a name with
//! the hash of its content, so that browsers keep it for ever and see a change at once.

use axum::Router;
use axum::routing::get;
use http::header;

/// A file that is compiled into the program.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its name, such as `corkboard.css`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub content: &'static [u8],
}

/// The kit's own.
pub(super) const KIT: &[Asset] = &[
    Asset {
        name: "corkboard.css",
        content_type: "text/css; charset=utf-8",
        content: include_bytes!("assets/corkboard.css"),
    },
    Asset {
        name: "corkboard.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_bytes!("assets/corkboard.js"),
    },
];

impl Asset {
    /// Where it is served: `/assets/corkboard.0123456789abcdef.css`.
    pub(super) fn path(&self) -> String {
        let hash = fnv1a(self.content);
        let (stem, extension) = self.name.rsplit_once('.').unwrap_or((self.name, "bin"));
        format!("/assets/{stem}.{hash:016x}.{extension}")
    }
}

/// The routes of these files.
pub(super) fn routes(assets: &[Asset]) -> Router {
    assets.iter().fold(Router::new(), |router, &asset| {
        let answer = move || async move {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.content)
        };
        router.route(&asset.path(), get(answer))
    })
}

/// FNV-1a, 64 bits. It only has to change when the content does; nobody is kept out by it.
fn fnv1a(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content() {
        let asset = |content| Asset {
            name: "a.css",
            content_type: "text/css",
            content,
        };
        assert_eq!(asset(b"").path(), "/assets/a.cbf29ce484222325.css");
        assert_eq!(asset(b"a").path(), "/assets/a.af63dc4c8601ec8c.css");
    }

    #[test]
    fn our_own_files_ask_nothing_of_other_hosts() {
        for asset in KIT {
            let text = std::str::from_utf8(asset.content).unwrap();
            for trace in ["http:", "https:", "@import", "url("] {
                assert!(!text.contains(trace), "{} has {trace}", asset.name);
            }
        }
    }
}
