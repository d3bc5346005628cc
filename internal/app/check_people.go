package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/finding"
)

// mailIsSlow is how long a mail may well lie unread: a policy that counts in
// minutes cannot rely on it.
const mailIsSlow = time.Hour

// slowForSafety is how long one person may have a question about safety before a
// clinic should think again.
const slowForSafety = 24 * time.Hour

// policies looks for what makes a policy safe by its letter alone.
func (c *clinicCheck) policies() {
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		c.thin(id)
		c.onMailAlone(id)
	}
}

func (c *clinicCheck) thin(id string) {
	p := c.Policies[id]
	owners := map[string]bool{}
	for i, r := range p.Rungs {
		owners[r.Owner] = true
		rung := func(key string) []string { return []string{"policies", id, "rungs", strconv.Itoa(i), key} }
		if r.Within > slowForSafety {
			c.warn(finding.SlowForSafety, fmt.Sprintf("the policy %s lets its rung %d wait %d hours for an answer, and nobody else is asked until then", id, i+1, int(r.Within.Hours())), "", rung("within")...)
		}
		if r.Owner == "assigned" || r.Owner == "cover" {
			continue // who that is depends on the client
		}
		if len(c.Staff.Resolve(r.Owner, "", c.now)) == 0 {
			c.warn(finding.RoleWithoutPerson, fmt.Sprintf("the policy %s asks %s on its rung %d, where nobody can be asked now: everybody is on leave and nobody stands in", id, r.Owner, i+1),
				"name a `cover`, or somebody else on the rung", rung("owner")...)
		} else if p.KeepHours {
			c.offHours(id, i)
		}
	}
	if p.Hold > slowForSafety {
		c.warn(finding.SlowForSafety, fmt.Sprintf("the policy %s gives whoever took a question %d hours before others are asked", id, int(p.Hold.Hours())), "", "policies", id, "hold")
	}
	if len(owners) == 1 {
		c.warn(finding.OneOwner, fmt.Sprintf("the policy %s asks %s alone, again and again", id, p.Rungs[0].Owner), "", "policies", id, "rungs")
	}
}

// lookedAt is how close together the moments are at which a week is looked at: nobody's
// hours begin between them.
const lookedAt = 5 * time.Minute

// offHours finds when the clinic is open and nobody works whom a rung asks. Leaves and
// holidays are left aside: it is the plain week that must have somebody.
func (c *clinicCheck) offHours(id string, i int) {
	if c.Zone == nil {
		return
	}
	owner := c.Policies[id].Rungs[i].Owner
	asked := c.reachable(owner)
	week := plainWeek(c.Hours)
	year, month, day := c.now.In(c.Zone).Date()
	var from, to time.Time
	for at := calendar.OnClock(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), 0, c.Zone); ; at = at.Add(lookedAt) {
		if over := at.Sub(c.now) > 7*24*time.Hour; over || !open(week, c.Zone, at) || slices.ContainsFunc(asked, func(p *escalation.Person) bool { return works(p, at) }) {
			if from.IsZero() && !over {
				continue
			}
			break
		}
		if from.IsZero() {
			from = at
		}
		to = at.Add(lookedAt)
	}
	if from.IsZero() {
		return
	}
	c.warn(finding.NobodyAtWork, fmt.Sprintf("the policy %s asks %s on its rung %d, and on %s from %s to %s nobody of them works, though the clinic is open: the rung is passed over then",
		id, owner, i+1, from.In(c.Zone).Format("Monday"), from.In(c.Zone).Format("15:04"), to.In(c.Zone).Format("15:04")), "", "policies", id, "rungs", strconv.Itoa(i), "owner")
}

// plainWeek is hours without holidays.
func plainWeek(h calendar.Hours) calendar.Hours { return calendar.Hours{Week: h.Week} }

func open(h calendar.Hours, zone *time.Location, at time.Time) bool {
	return h.Open(zone, at).Equal(at)
}

func works(p *escalation.Person, at time.Time) bool {
	return p.Hours == nil || p.Zone != nil && open(plainWeek(*p.Hours), p.Zone, at)
}

// reachable are whoever a rung may ask: those whom it names, and who covers for them.
func (c *clinicCheck) reachable(owner string) []*escalation.Person {
	kind, name, _ := strings.Cut(owner, ":")
	var out []*escalation.Person
	add := func(p *escalation.Person) {
		for ; p != nil && !slices.Contains(out, p); p = c.Staff.Person(p.Cover) {
			out = append(out, p)
		}
	}
	switch kind {
	case "person":
		add(c.Staff.Person(name))
	case "role":
		for i := range c.Staff.People {
			if slices.Contains(c.Staff.People[i].Roles, name) {
				add(&c.Staff.People[i])
			}
		}
	case "rota":
		if rota := c.Staff.Rota(name); rota != nil {
			for _, id := range rota.People {
				add(c.Staff.Person(id))
			}
		}
	}
	return out
}

// onMailAlone finds a policy that gives people less time than a mail may lie unread.
func (c *clinicCheck) onMailAlone(id string) {
	shortest, at := mailIsSlow, 0
	var mailed []string
	for i, r := range c.Policies[id].Rungs {
		only := c.mailed(r.Owner)
		if len(only) == 0 {
			continue
		}
		if r.Within < mailIsSlow {
			for _, p := range only {
				if !slices.Contains(mailed, p) {
					mailed = append(mailed, p)
				}
			}
		}
		if r.Within < shortest {
			shortest, at = r.Within, i
		}
	}
	if shortest >= mailIsSlow {
		return
	}
	const named = 4
	who := strings.Join(mailed[:min(len(mailed), named)], ", ")
	if more := len(mailed) - named; more > 0 {
		who += fmt.Sprintf(" and %d more", more)
	}
	mend := "a mail may lie unread for longer, so write a pager under `reach`, such as `reach: {webhook: <their address there>}`, or agree on a telephone beside it"
	if who != "" {
		mend += "; it is mail alone for " + who
	}
	urgency := c.Policies[id].Urgency
	if urgency != "" {
		urgency = ", of urgency " + urgency + ","
	}
	c.warn(finding.UrgentOnMailAlone, fmt.Sprintf("the policy %s%s gives people %d minutes, and mail is all that reaches some of them", id, urgency, int(shortest.Minutes())), mend,
		"policies", id, "rungs", strconv.Itoa(at), "within")
}

// nobodyYet stands for whoever a clinic will have where it has no people.
const nobodyYet = ""

// mailed are those whom a rung may ask and mail alone reaches. Without a name among
// them, it names nobody whom the clinic has.
func (c *clinicCheck) mailed(owner string) []string {
	_, role, isRole := strings.Cut(owner, "role:")
	_, person, isPerson := strings.Cut(owner, "person:")
	var out []string
	some := false
	for _, p := range c.Staff.People {
		if p.Emergency || isRole && !slices.Contains(p.Roles, role) || isPerson && p.ID != person {
			continue
		}
		some = true
		if len(p.Reach) == 0 {
			out = append(out, p.ID)
		}
	}
	if !some {
		return []string{nobodyYet}
	}
	return out
}

// oneMailbox names people who share an address: to ask the one after the other asks
// nobody new.
func (c *clinicCheck) oneMailbox() {
	of := map[string]string{}
	for _, p := range c.Staff.People {
		address := strings.ToLower(p.Email)
		if other := of[address]; address != "" && other != "" {
			key := []string{"people", p.ID, "email"}
			if p.Emergency {
				key = []string{"emergency"}
			}
			c.warn(finding.SharedAddress, fmt.Sprintf("%s and %s have one mail address", other, p.ID), "", key...)
		}
		of[address] = p.ID
	}
}

// unverified names the people whom mail may not reach: nobody has made sure of it, or
// not for long.
func (c *clinicCheck) unverified() {
	for _, p := range c.Staff.People {
		switch {
		case p.Emergency:
		case p.Verified == 0:
			c.warn(finding.UnverifiedAddress, "nobody has made sure that mail reaches "+p.ID, "", "people", p.ID, "email")
		case p.Verified < calendar.DayOf(c.now.AddDate(-1, 0, 0)):
			c.warn(finding.UnverifiedAddress, "it is more than a year since somebody made sure that mail reaches "+p.ID, "", "people", p.ID, "verified")
		}
	}
}

// unknownChannels refuses ways of `reach` that this program does not know.
func unknownChannels(c *workflows.Clinic) workflows.FileErrors {
	var out workflows.FileErrors
	for _, p := range c.Staff.People {
		for _, name := range slices.Sorted(maps.Keys(p.Reach)) {
			if slices.Contains(channelNames(), name) {
				continue
			}
			key := []string{"people", p.ID, "reach", name}
			if p.Emergency {
				key = []string{"emergency"}
			}
			line, column := workflows.ReadPlaces(c.Files["clinic.yaml"]).Of(key...)
			out = append(out, &workflows.FileError{
				File: "clinic.yaml", Line: line, Column: column, Rule: finding.UnknownChannel,
				Message: fmt.Sprintf("%s is to be reached by %q, which is no channel; there is: %s", p.ID, name, strings.Join(channelNames(), ", ")),
			})
		}
	}
	return out
}
