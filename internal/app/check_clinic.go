package app

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/finding"
	"github.com/mooring-care/mooring/workflows/library"
)

// clinicCheck collects what is found in one clinic's folder.
type clinicCheck struct {
	*workflows.Clinic
	now    time.Time
	places workflows.Places // of clinic.yaml
	found  finding.List
}

// warnOf speaks of the value of a key of clinic.yaml.
func (c *clinicCheck) warnOf(rule, message, mend string, key ...string) {
	line, column := c.places.ValueOf(key...)
	c.add(rule, "clinic.yaml", line, column, message, mend)
}

// warn speaks of a key of clinic.yaml, or of the nearest one above it that there is.
func (c *clinicCheck) warn(rule, message, mend string, key ...string) {
	line, column := c.places.Of(key...)
	c.add(rule, "clinic.yaml", line, column, message, mend)
}

func (c *clinicCheck) add(rule, file string, line, column int, message, mend string) {
	c.found = append(c.found, finding.Finding{
		Rule: rule, Level: finding.Warning, File: file, Line: max(line, 1), Column: max(column, 1), Message: message, Mend: mend,
	})
}

// warnings are what is in order by the letter of a clinic's folder, and yet a person
// should look at.
func warnings(c *workflows.Clinic, now time.Time) finding.List {
	cc := &clinicCheck{Clinic: c, now: now, places: workflows.ReadPlaces(c.Files["clinic.yaml"])}
	cc.drafts()
	if !slices.ContainsFunc(c.Staff.People, func(p escalation.Person) bool { return p.Emergency }) {
		cc.warn(finding.NoEmergency, "there is no `emergency` address: where everybody is away, or nobody answers, nobody else hears of it", "", "emergency")
	}
	if c.FeedQuiet == 0 {
		cc.warn(finding.SilentFeed, "`feed_quiet` is not set: nobody hears when the clinic's system stops sending events", "", "feed_quiet")
	}
	cc.untranslated()
	cc.unverified()
	cc.oneMailbox()
	cc.policies()
	cc.resources()
	cc.indiscreet()
	return cc.found
}

// notes are what a clinic has decided and a reader of its folder should know: the
// waivers of its mails' check.
func notes(c *workflows.Clinic) finding.List {
	var out finding.List
	note := func(file string, line, column int, message string) {
		out = append(out, finding.Finding{Rule: finding.Waived, Level: finding.Note, File: file, Line: line, Column: max(column, 1), Message: message})
	}
	for _, w := range c.Lint.Waivers {
		what := w.Rule
		if len(w.Words) > 0 {
			what += " for " + strings.Join(w.Words, ", ")
		}
		note("clinic.yaml", w.Line, w.Column, fmt.Sprintf("%s waives %s: %s", w.By, what, w.Why))
	}
	places := workflows.ReadPlaces(c.Files["resources.yaml"])
	for i := range c.Resources {
		if s := &c.Resources[i]; s.Waiver != nil {
			line, column := places.Of(serviceKey(i, "waiver")...)
			note("resources.yaml", line, column, fmt.Sprintf("%s waives %s for %s: %s", s.Waiver.By, templates.ClinicalWord, strings.Join(s.Waiver.Words, ", "), s.Waiver.Why))
		}
	}
	return out
}

// drafts are the workflows that nobody has approved.
func (c *clinicCheck) drafts() {
	for _, w := range c.Drafts {
		file := "workflows/" + w.Name + ".yaml"
		places := workflows.ReadPlaces(c.Files[file])
		line, column := places.Of("precedence")
		for _, other := range slices.Concat(c.Workflows, c.Drafts) {
			if w.Precedence > 0 && other.Precedence == w.Precedence && other.Name != w.Name {
				c.add(finding.PrecedenceTaken, file, line, column, fmt.Sprintf("the draft %s has the precedence %d of %s", w.Name, w.Precedence, other.Name), "give it its own before it is approved")
			}
		}
		line, column = places.Of("workflow")
		c.add(finding.Draft, file, line, column, fmt.Sprintf("the workflow %s is a draft and sends nothing: nobody has approved it", w.Name), "")
	}
}

// unknownApprovers names approvals by somebody who is not, or not any more, among the
// clinic's people. The built-in workflows come with an approval of their own, and so do
// copies as long as nobody changes them.
func unknownApprovers(f oneFolder, c *workflows.Clinic) finding.List {
	cc := &clinicCheck{Clinic: c}
	own, builtin := ownWorkflows(f), library.Files()
	for _, w := range c.Workflows {
		file := "workflows/" + w.Name + ".yaml"
		by := strings.ToLower(w.Approved.By)
		known := slices.ContainsFunc(c.Staff.People, func(p escalation.Person) bool {
			return !p.Emergency && (by == p.ID || strings.Contains(by, strings.ToLower(p.Name)))
		})
		if known || !slices.Contains(own, file) {
			continue
		}
		if same, err := workflows.ReadWorkflow(w.Name, builtin[path.Base(file)]); err == nil && same.Version == w.Version && same.Approved.By == w.Approved.By {
			continue
		}
		line, column := w.Approved.Place()
		cc.add(finding.ApprovalStale, file, line, column, fmt.Sprintf("the workflow %s is approved by %q, who is nobody under `people`", w.Name, w.Approved.By),
			"have it read by somebody who is, and run mooring workflow approve")
	}
	return cc.found
}
