// Package web is the pages of the care record: server-rendered, working
// without script, each also answering as JSON.
//
// One page is one Go file and one template of the same stem: what it shows is
// declared beside how it is reached, and routes.go lists them all. A page
// fetches and decides nothing: it asks disclose for a record that has been
// decided, filtered, composed and audited, hands a typed view to its template,
// and returns its error; one place (errors.go) turns errors into pages. No
// address holds an identifier of a person, no page holds inline script or
// style, and every asset is ours: static/ is embedded, and static/vendor is
// made by web/assets from the pinned NHS.UK frontend.
//
// It may import kmcr, fhir, terms, audit, compose, disclose, ingest and
// notify; never store or access.
package web
