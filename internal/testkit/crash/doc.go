// Package crash kills the real program at random moments, starts it again, and
// judges from outside what it did: the publishers' acknowledgements, the
// provider's own record, and what the streams hold in the end.
//
// It owns the run; the rules that a run is held against are in package faults.
// It must never look into the program while it runs, beyond its metrics and its
// streams.
package crash
