//! Connecting (§2): pages and endpoints in the source's style and in the RFCs'.

/// The connect page.
pub const CONNECT: &str = "/services/partner-connect/";
/// The connect page, without the last slash.
pub const CONNECT_WITHOUT_SLASH: &str = "/services/partner-connect";
/// The connect page for RFC clients: its answers carry `iss`.
pub const AUTHORIZE: &str = "/oauth2/auth";
/// Where a pro sees connected partners, disconnects them, and switches targeting (§2.4).
pub const SERVICES: &str = "/services";
/// Where the form that switches targeting is sent (§2.4).
pub const SERVICES_TARGETING: &str = "/services/targeting";
/// Where the form that disconnects a partner is sent (§2.4).
pub const SERVICES_DISCONNECT: &str = "/services/disconnect";
/// Where a pro logs in.
pub const LOG_IN: &str = "/login";
/// Where the form that logs a pro out is sent.
pub const LOG_OUT: &str = "/logout";

/// The token endpoint in the source's style.
pub const TOKENS_ACCESS: &str = "/v2/tokens/access";
/// The token endpoint in the RFC's style.
pub const TOKEN: &str = "/oauth2/token";
/// Revocation (RFC 7009).
pub const TOKENS_REVOKE: &str = "/v2/tokens/revoke";
/// Revocation in the RFC's style.
pub const REVOKE: &str = "/oauth2/revoke";
/// Introspection (RFC 7662).
pub const TOKENS_INTROSPECT: &str = "/v2/tokens/introspect";
/// Introspection in the RFC's style.
pub const INTROSPECT: &str = "/oauth2/introspect";
/// Metadata (RFC 8414).
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
