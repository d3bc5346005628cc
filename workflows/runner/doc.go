// Package runner takes one event to one decision: load the client's state,
// decide, append by compare-and-set, perform the effects. It owns the small
// interfaces that it needs from a store, and the form in which decisions are
// stored.
//
// It must never know JetStream or HTTP.
package runner
