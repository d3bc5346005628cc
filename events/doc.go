// Package events owns what can happen: the event kinds, the envelope
// (CloudEvents 1.0), its codec and bounds, the subjects events travel on, and
// the ids that make a repeated event recognisable.
//
// It must never know NATS, workflows or mail: an event is a fact, whoever
// carries it and whatever follows from it.
package events
