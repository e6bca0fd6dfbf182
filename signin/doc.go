// Package signin turns a credential into a kmcr.Viewer: the cookie of a
// sign-in by OpenID Connect (authorisation code flow, PKCE S256, state, nonce,
// exact redirect), or a bearer token of our own making. What cannot be proven
// is kmcr.Unauthenticated. An account that has been disabled, or a sign-in
// that has been ended, counts within a second.
//
// In the demonstration the OpenID provider is in this process, under
// /demo-idp. It is written here rather than taken from a library: one client
// and one flow need five small endpoints, while the library at hand brings
// device, refresh, introspection, revocation and end-session endpoints that
// would all have to be shut, and a storage interface of thirty methods to say
// so. That it conforms is shown by an independent client library, the one by
// which this room signs in against any provider.
//
// A program signs in as a browser does, with a jar for cookies:
//
//  1. POST /signin, and follow redirects to the provider's page (200);
//  2. read the hidden field "request" of its form, and POST request and
//     account=NAME to /demo-idp/login;
//  3. follow redirects: /signin/callback sets the cookie and leads to /.
//
// POST /signout ends it. POST /signin/token, with the cookie, gives a bearer
// token that lives as long as the sign-in, at most an hour. API clients prove
// themselves at /oauth/token by client_credentials with private_key_jwt.
//
// It may import kmcr, terms, audit and store.
package signin
