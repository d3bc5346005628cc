// Package faults makes the program's calls fail before or after they took
// effect, reads everything that a run left behind, and judges it by the rules
// that never break.
//
// It owns the invariants of a whole run, judged from outside: what was
// acknowledged, what the provider took, what the streams hold. It must never
// know how the program under test came to what it did.
package faults
