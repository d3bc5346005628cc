// Package app owns configuration, wiring, and starting and stopping in order.
// It knows every other package and no business rule.
package app
