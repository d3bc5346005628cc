// Package bench measures the whole program on one machine: how many journeys a
// second, how soon a mail follows its event, what waiting clients cost, how
// late timers are. It runs the App as it is, with a clinic of its own and a
// mailer that only notes the time.
//
// It owns what is measured and how the figures are told. It must never be part
// of a serving program, nor change how one works in order to look better.
package bench
