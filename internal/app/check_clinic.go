package app

import (
	"fmt"
	"path"
	"slices"
	"strconv"
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
// waivers of its mails' check, without the words that let nothing by, which found names.
func notes(c *workflows.Clinic, found finding.List) finding.List {
	var out finding.List
	wrong := func(file string, line, column int) bool {
		return slices.ContainsFunc(found, func(f finding.Finding) bool {
			return f.Rule == finding.WrongWaiver && f.File == file && f.Line == line && f.Column == column
		})
	}
	// note speaks of a waiver that stands at a key, with its words below it.
	note := func(file, rule string, w *workflows.Waiver, line, column int, places workflows.Places, key []string) {
		var words []string
		for i, word := range w.Words {
			if line, column := places.ValueOf(slices.Concat(key, []string{"words", strconv.Itoa(i)})...); !wrong(file, line, column) {
				words = append(words, word)
			}
		}
		if wrong(file, line, column) || len(words) == 0 && len(w.Words) > 0 {
			return
		}
		if len(words) > 0 {
			rule += " for " + strings.Join(words, ", ")
		}
		out = append(out, finding.Finding{
			Rule: finding.Waived, Level: finding.Note, File: file, Line: line, Column: max(column, 1),
			Message: fmt.Sprintf("%s waives %s: %s", w.By, rule, w.Why),
		})
	}
	places := workflows.ReadPlaces(c.Files["clinic.yaml"])
	for i, w := range c.Lint.Waivers {
		note("clinic.yaml", w.Rule, &w.Waiver, w.Line, w.Column, places, []string{"lint", "waivers", strconv.Itoa(i)})
	}
	places = workflows.ReadPlaces(c.Files["resources.yaml"])
	for i := range c.Resources {
		if w := c.Resources[i].Waiver; w != nil {
			line, column := places.Of(serviceKey(i, "waiver")...)
			note("resources.yaml", templates.ClinicalWord, w, line, column, places, serviceKey(i, "waiver"))
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
