// Package notifier takes one message through to the mail provider: the list of
// stages, what a mail is, and the kinds of error a provider can answer with.
//
// It must never know journeys or NATS: it is told what to send and asks, just
// before it sends, whether that still holds.
package notifier
