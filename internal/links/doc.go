// Package links signs the links that mails and the terminal carry, and believes
// nothing in a link before its signature has been verified. It owns the ring of
// link keys, the form of a token, and the short code that stands in a mail's
// text beside its link.
//
// It must never know storage or pages: a token carries all that is needed to
// verify it, and what a link opens is somebody else's question. The recipient
// in a token is a directory id or a client key, never a name or an address.
package links
