// Package ingress owns the doors through which a clinic's systems hand events
// in: authenticate, bound, check, publish, and only then answer.
//
// It must never know workflows, storage or what follows from an event: whoever
// gave it a Publisher keeps what it published.
package ingress
