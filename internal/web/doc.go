// Package web owns the pages: those that a link in a mail opens (an escalation,
// a check-in, mail preferences) and those for staff (what is open, a client's
// timeline, the mails that left). It owns their copy, sessions and headers, and
// the small interfaces through which it asks and acts.
//
// GET and HEAD decide nothing (the rule get-shows, guarded by TestGetShows).
// It must never know JetStream, workflows or a mail provider: what a page shows
// comes as the view structs of this package, and an act comes back as what was
// decided.
package web
