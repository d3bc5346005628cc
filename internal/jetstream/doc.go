// Package jetstream owns everything that touches NATS: streams, consumers,
// timers, the ledger, the index, and the embedded server. It is the only
// importer of nats.go and nats-server.
//
// It must never know HTTP or mail, nor what a record says: it stores bytes
// under subjects and keeps the promises of order, comparison and repetition.
package jetstream
