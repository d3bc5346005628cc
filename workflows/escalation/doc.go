// Package escalation owns the ladder: who is asked, how long they have, what
// an acknowledgement pauses and what alone closes a question. It is pure.
//
// It must never know channels or URLs: it says whom to ask, not how.
package escalation
