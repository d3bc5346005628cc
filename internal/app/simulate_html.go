package app

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/graph"
	"github.com/mooring-care/mooring/workflows/runner"
	"github.com/mooring-care/mooring/workflows/scenario"
)

//go:embed simulate.html
var simulationPage string

// simulatedAt is where links of a simulation's mails lead: nowhere.
const simulatedAt = "https://mooring.example"

// simulatedDay is one day of a timeline, and simulatedEntry what was decided at once.
type (
	simulatedChapter struct {
		Title string
		Days  []simulatedDay
	}
	simulatedDay struct {
		Name    string
		Entries []simulatedEntry
	}
	simulatedEntry struct {
		Clock, Event string
		Notes        []simulatedNote
		Mails        []simulatedMail
	}
	simulatedNote struct {
		What, Why, Code, Workflow, Detail string
		// Tried says that the workflow that is tried decided it.
		Tried bool
	}
	simulatedMail struct {
		Name, To, Subject, Text, HTML string
		Staff                         bool
	}
)

// WriteHTML writes the timeline as one page for people, with every mail in its place as
// it would be written, and the picture of the workflow. It holds nothing remote and no
// script.
func (s *Simulation) WriteHTML(w io.Writer) error {
	own, err := workflows.ReadWorkflow(s.trial.file, s.trial.src)
	if err != nil {
		return err
	}
	chart := graph.Of(s.trial.workflow, graphWords(s.trial.clinic))
	chart.Draft = own.Approved == nil
	chapters, err := s.chapters()
	if err != nil {
		return err
	}
	page, err := template.New("simulation").Parse(simulationPage)
	if err != nil {
		return fmt.Errorf("read the simulation's page: %w", err)
	}
	return page.Execute(w, struct {
		Title, Clinic, Scenario string
		Met                     bool
		Picture                 template.HTML
		Chapters                []simulatedChapter
	}{
		chart.Title, s.trial.clinic.Name, s.file, s.Met(),
		template.HTML(chart.SVG()), //nolint:gosec // made by graph, which escapes every text
		chapters,
	})
}

// chapters put the timeline into words.
func (s *Simulation) chapters() ([]simulatedChapter, error) {
	c := s.trial.clinic
	names := &reader{clinics: &clinics{byID: map[string]*clinic{c.ID: {current: &version{Clinic: c, wording: s.trial.words}}}}}
	pen := &renderer{keys: links.Generate(), publicURL: simulatedAt, clock: &Clock{}}
	var out []simulatedChapter
	for _, t := range s.Timeline {
		if len(out) == 0 || out[len(out)-1].Title != t.Chapter {
			out = append(out, simulatedChapter{Title: t.Chapter})
		}
		chapter := &out[len(out)-1]
		at := t.At.In(c.Zone)
		if day := at.Format("Monday, 2 January 2006"); len(chapter.Days) == 0 || chapter.Days[len(chapter.Days)-1].Name != day {
			chapter.Days = append(chapter.Days, simulatedDay{Name: day})
		}
		e := simulatedEntry{Clock: at.Format("15:04"), Event: eventWords(t.Event)}
		if t.Look != nil {
			e.Event, e.Notes = "The last look before the mail "+t.Look.Message+" leaves", []simulatedNote{lookNote(t.Look)}
		}
		for _, n := range t.Notes {
			e.Notes = append(e.Notes, s.note(names, n))
		}
		for _, m := range t.Mails {
			mail, err := s.mail(pen, t, m)
			if err != nil {
				return nil, err
			}
			e.Mails = append(e.Mails, mail)
		}
		day := &chapter.Days[len(chapter.Days)-1]
		day.Entries = append(day.Entries, e)
	}
	return out, nil
}

func lookNote(l *scenario.Look) simulatedNote {
	if l.Wanted {
		return simulatedNote{What: "It may leave", Why: l.Words, Code: string(l.Reason)}
	}
	return simulatedNote{What: "It does not leave now", Why: l.Words, Code: string(l.Reason)}
}

// note is one decision in the words of the staff pages.
func (s *Simulation) note(names *reader, n scenario.Note) simulatedNote {
	told := names.tell(s.Clinic, workflows.Note{
		What: n.What, Reason: n.Reason, Workflow: n.Workflow, Step: n.Step, Detail: n.Detail, Subject: n.Subject, Person: n.Person, Until: n.Until,
	})
	out := simulatedNote{What: told.what, Why: told.why, Code: string(n.Reason), Tried: n.Workflow == s.Workflow}
	if n.Workflow != "" {
		out.Workflow = names.title(s.Clinic, n.Workflow)
		if n.Step != "" {
			out.Workflow += ", step " + n.Step
		}
	}
	if !n.Until.IsZero() {
		out.Detail = "until " + when(n.Until, s.trial.clinic.Zone)
	}
	return out
}

// mail writes a mail as the running program would at the moment it is asked for.
func (s *Simulation) mail(pen *renderer, t scenario.Told, m scenario.Mail) (simulatedMail, error) {
	pen.clock.epoch.Store(&jetstream.Epoch{Real: time.Now(), Shown: t.At})
	c := s.trial.clinic
	message := messageOf(runner.Ref{Clinic: c.ID, Key: t.State.Key}, m.Enqueue)
	mail, err := pen.write(message, 1, t.State, c, &version{Clinic: c, wording: s.trial.words})
	if err != nil {
		return simulatedMail{}, fmt.Errorf("write the mail %s of the scenario's line %d: %w", m.Name, t.Line, err)
	}
	out := simulatedMail{Name: m.Name, To: "the client", Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML, Staff: m.Lane != workflows.LaneCare}
	if out.Staff {
		out.To = mail.To.Name
	}
	return out, nil
}
