package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
)

var _ web.Pauses = (*acts)(nil)

// pressedMost is how many presses are remembered: a press comes again within
// minutes, and pauses are rare.
const pressedMost = 32

// Hold stops care mail, of a clinic or of one workflow. The pause of somebody else
// stands as it is: mail is stopped either way, and nobody's reason gets lost.
func (x *acts) Hold(ctx context.Context, act web.Act, why string) (bool, error) {
	c, ok := x.served(act.Clinic)
	if !ok {
		return false, web.ErrUnknown
	}
	if _, known := c.current.Workflow(act.Target); act.Target != "" && !known {
		return false, web.ErrUnknown
	}
	hold := jetstream.Hold{By: act.Recipient, Why: why, At: x.a.clock.Now()}
	return x.changeHolds(ctx, c, act, func(h *jetstream.Holds) (counted, changed bool) {
		if stands := holdOf(h, act.Target); stands != nil {
			return stands.By == hold.By && stands.Why == hold.Why, false
		}
		if slices.Contains(h.Pressed, act.ID) {
			return false, false // it counted, and somebody lifted it since
		}
		setHold(h, act.Target, &hold)
		return true, true
	})
}

// Release lifts the pause that the page showed; one that came since stays.
func (x *acts) Release(ctx context.Context, act web.Act, pause string) (bool, error) {
	c, ok := x.served(act.Clinic)
	if !ok {
		return false, web.ErrUnknown
	}
	return x.changeHolds(ctx, c, act, func(h *jetstream.Holds) (counted, changed bool) {
		stands := holdOf(h, act.Target)
		if stands == nil {
			return true, false
		}
		if pauseID(stands) != pause {
			return false, false
		}
		setHold(h, act.Target, nil)
		return true, true
	})
}

// changeHolds stores a change of pauses and keeps to it before it returns. A crash
// between the two loses nothing: the next start reads what was stored.
func (x *acts) changeHolds(ctx context.Context, c *clinic, act web.Act, change func(*jetstream.Holds) (counted, changed bool)) (counted bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmWithin)
	defer cancel()
	h, err := x.a.store.ChangeHolds(ctx, act.Clinic, func(h *jetstream.Holds) (changed bool) {
		counted, changed = change(h)
		if changed {
			h.Pressed = append(h.Pressed, act.ID)
			h.Pressed = h.Pressed[max(0, len(h.Pressed)-pressedMost):]
		}
		return changed
	})
	if err != nil {
		return false, fmt.Errorf("%w: %w", web.ErrNotConfirmed, err)
	}
	c.hold(h)
	return counted, nil
}

// served finds a clinic that is served.
func (x *acts) served(id string) (*clinic, bool) {
	c, ok := x.a.clinics.byID[id]
	return c, ok && !x.a.clinics.retired[id]
}

// pauseID tells a pause from others of the same mail.
func pauseID(h *jetstream.Hold) string { return h.At.UTC().Format(time.RFC3339Nano) }

// ClinicMail says what this process keeps back.
func (v *views) ClinicMail(context.Context) ([]web.ClinicMail, error) {
	var out []web.ClinicMail
	for _, id := range v.a.clinics.ids() {
		out = append(out, v.clinicMail(id, v.a.clinics.byID[id]))
	}
	return out, nil
}

func (v *views) clinicMail(id string, c *clinic) web.ClinicMail {
	h, folder := c.holds(), c.current.Paused
	pause := func(workflow string) *web.Pause {
		one := holdOf(&h, workflow)
		if one == nil {
			return nil
		}
		return &web.Pause{ID: pauseID(one), By: v.a.personName(id, one.By), Why: one.Why, Since: one.At}
	}
	out := web.ClinicMail{Clinic: id, Name: c.current.Name, All: web.MailPause{Staff: pause(""), Folder: folder.Clinic}}
	for _, name := range mailingWorkflows(c.current.Clinic, &h) {
		out.Workflows = append(out.Workflows, web.MailPause{
			Workflow: name, Title: v.title(id, name), Staff: pause(name), Folder: slices.Contains(folder.Workflows, name),
		})
	}
	return out
}

// mailingWorkflows are the workflows at work that write to clients, and every other
// that is paused.
func mailingWorkflows(c *workflows.Clinic, h *jetstream.Holds) []string {
	var out []string
	for _, w := range c.Workflows {
		if writesToClients(w) {
			out = append(out, w.Name)
		}
	}
	for _, name := range slices.Concat(c.Paused.Workflows, slices.Sorted(maps.Keys(h.Workflows))) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func writesToClients(w *workflows.Workflow) bool {
	return slices.ContainsFunc(w.Program, func(s workflows.Step) bool { return s.Send != nil && s.Send.To == "" })
}
