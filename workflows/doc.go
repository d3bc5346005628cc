// Package workflows is the engine: the language that clinics write workflows
// in, the state of one client, and Decide, which concludes from one event what
// follows and says why.
//
// It must never know a clock, I/O, HTML, NATS or a mail provider: everything a
// decision depends on is passed in, so that it can be simulated, replayed and
// tested by the million. The one thing beside is the time zone database, which
// is read once for each zone and is then as fixed as the code.
package workflows
