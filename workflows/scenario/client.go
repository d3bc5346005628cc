package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows"
)

// client is one client in virtual time: one event or due timer after the other
// is decided on, as the runner does it. It knows of deadlines only what the timer
// effects told it.
type client struct {
	clinic *workflows.Clinic
	key    string
	// each hears of every decision, before the state is taken over.
	each func(events.Event, workflows.Decision)
	// most bounds the timers that fire without an event between them: more is a
	// journey that spins.
	most int
	// stores has the state stored and read back each time, as after a restart;
	// else it stays in memory, as the runner keeps it. What is decided is the same
	// (TestStoredOrNot), and takes a sixth of the time.
	stores bool
	// once leaves out what is only ever asked again: see waitsOnce.
	once bool

	now   time.Time
	timer time.Time
	state workflows.State
	due   int // numbers the timers
}

// mostTimers bounds what fires between two lines of a script.
const mostTimers = 20_000

var errSpins = errors.New("timers never come to an end")

// one is a directory of one version.
type one struct{ clinic *workflows.Clinic }

func (o one) Current() *workflows.Clinic { return o.clinic }

func (o one) At(version string) *workflows.Clinic {
	if version == o.clinic.Version {
		return o.clinic
	}
	return nil
}

// deliver decides on an event, now. One that is dated ahead happens now, as for the
// runner: a sender's clock that runs ahead must not freeze what is known.
func (c *client) deliver(ev events.Event) error {
	if ev.Time.IsZero() || ev.Time.After(c.now) {
		ev.Time = c.now
	}
	dec := workflows.Decide(c.state, one{c.clinic}, ev, c.now)
	c.each(ev, dec)
	if dec.Nothing {
		return nil
	}
	for _, e := range dec.Effects {
		if e.Timer != nil {
			c.timer = *e.Timer
		}
	}
	if c.once {
		c.timer = waitsOnce(dec.State)
	}
	if !c.stores {
		c.state = dec.State
		return nil
	}
	stored, err := json.Marshal(dec.State)
	if err != nil {
		return fmt.Errorf("store the state: %w", err)
	}
	c.state = workflows.State{}
	return json.Unmarshal(stored, &c.state)
}

// fire fires the timer now; every due message sets the timer again.
func (c *client) fire() error {
	c.due++
	err := c.deliver(events.Event{
		ID: fmt.Sprintf("due-%d", c.due), Source: "mooring/timer", Clinic: c.clinic.ID, Key: c.key,
		Kind: events.TimerDue, Time: c.now,
	})
	if !c.once {
		c.timer = c.state.Next()
	}
	return err
}

// waitsOnce is the earliest deadline at which something new may follow, for a
// client about whom nobody answers anything: not the repeats of a ladder's last
// rung, nor a task's reminders after the first. They ask staff the same again, for
// as long as nobody answers, and change nothing else (TestCompareCounts holds it
// against all of them).
func waitsOnce(s workflows.State) time.Time {
	escalations, tasks := s.Escalations, s.Tasks
	s.Escalations, s.Tasks = nil, nil
	for i := range escalations {
		if escalations[i].Round == 0 {
			s.Escalations = append(s.Escalations, escalations[i])
		}
	}
	for i := range tasks {
		if tasks[i].Reminded == 0 {
			s.Tasks = append(s.Tasks, tasks[i])
		}
	}
	return s.Next()
}

// asksAgain says whether a note on a timer tells of what waitsOnce leaves out: it comes
// along with another deadline, late and by chance.
func asksAgain(before workflows.State, n workflows.Note) bool {
	for i := range before.Escalations {
		if n.What == workflows.WhatEscalation && before.Escalations[i].ID == n.Subject {
			return before.Escalations[i].Round > 0
		}
	}
	for i := range before.Tasks {
		if n.What == workflows.WhatTask && before.Tasks[i].ID == n.Subject {
			return before.Tasks[i].Reminded > 0
		}
	}
	return false
}

// until lets time pass; every timer fires on time.
func (c *client) until(at time.Time) error {
	for fired := 0; !c.timer.IsZero() && !c.timer.After(at); fired++ {
		if fired > c.most {
			return errSpins
		}
		if c.timer.After(c.now) {
			c.now = c.timer
		}
		if err := c.fire(); err != nil {
			return err
		}
	}
	if at.After(c.now) {
		c.now = at.UTC()
	}
	return nil
}

// outage lets time pass while nobody decides; the timer fires after it.
func (c *client) outage(at time.Time) error {
	c.now = at.UTC()
	if c.timer.IsZero() || c.timer.After(c.now) {
		return nil
	}
	return c.fire()
}
