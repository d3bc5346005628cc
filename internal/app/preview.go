package app

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// Previews are the mails of one clinic as they would leave, filled in with its own
// names and numbers and with a client who does not exist.
type Previews struct {
	// Name is the clinic's.
	Name string

	clinic *workflows.Clinic
	set    *templates.Set
	now    time.Time
}

// MailPreview is one mail.
type MailPreview struct {
	// File is where its wording stands, and Own true where that is the clinic's own.
	File string
	Own  bool
	// Changed is how an own file differs from the built-in one, as a unified diff.
	Changed string
	// Template is such as "A" or "A.short"; Reasons are those that this file answers.
	Template, Language, Audience string
	Reasons                      []string
	Subject, Text, HTML          string
	// Waived are the findings that somebody answers for, each with who and why.
	Waived []string
}

// OpenPreviews reads a clinic's folder; empty means the embedded sample. What check
// would refuse is refused.
func OpenPreviews(clinicDir string, now time.Time) (*Previews, error) {
	folder, id := fs.FS(sample.FS), sample.ID
	var err error
	if clinicDir != "" {
		if folder, id, err = oneClinic(clinicDir); err != nil {
			return nil, err
		}
	}
	c, err := workflows.ReadClinic(folder, id)
	if err != nil {
		return nil, fmt.Errorf("read the clinic %s:\n%w", id, err)
	}
	base, err := templates.Builtin()
	if err != nil {
		return nil, fmt.Errorf("read the built-in wording: %w", err)
	}
	set, err := wordingOf(base, c)
	if err != nil {
		return nil, err
	}
	if err := fitToLeave(set, c); err != nil {
		return nil, err
	}
	return &Previews{Name: c.Name, clinic: c, set: set, now: now}, nil
}

// Mail renders what a client or a member of staff would get. The template is such as
// "A", "A.short" or the name of its file, "a-notice". An empty language is the
// clinic's, and one that it does not serve is refused; an empty reason is "unknown".
func (p *Previews) Mail(name, language, reason string) (MailPreview, error) {
	wordings, err := p.set.Wordings()
	if err != nil {
		return MailPreview{}, err
	}
	if language == "" {
		language = p.clinic.Language()
	}
	spoken := p.clinic.LanguageFor(language)
	if base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-"); base != spoken {
		return MailPreview{}, fmt.Errorf("the clinic does not serve the language %q; it serves %s", language, strings.Join(p.clinic.Languages, ", "))
	}
	language = spoken
	if reason != "" && !slices.Contains(templates.Reasons(), reason) {
		return MailPreview{}, fmt.Errorf("there is no reason %q; there is: %s", reason, strings.Join(templates.Reasons(), ", "))
	}
	if i := slices.IndexFunc(wordings, func(w templates.Wording) bool { return w.Name == name && w.Language == language }); i >= 0 {
		if reason == "" {
			reason = wordings[i].Reasons[0]
		}
		name = wordings[i].Template
	}
	file := p.set.Answers(name, language, reason)
	i := slices.IndexFunc(wordings, func(w templates.Wording) bool { return w.File == file })
	if file == "" || i < 0 {
		return MailPreview{}, fmt.Errorf("there is no mail %q; there is: %s", name, strings.Join(names(wordings), ", "))
	}
	return p.render(wordings[i], language, reason)
}

func names(wordings []templates.Wording) []string {
	var out []string
	for _, w := range wordings {
		out = append(out, w.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// All renders every wording that is in force in a language that the clinic serves.
func (p *Previews) All() ([]MailPreview, error) {
	wordings, err := p.set.Wordings()
	if err != nil {
		return nil, err
	}
	var out []MailPreview
	for _, w := range wordings {
		if !slices.Contains(p.clinic.Languages, w.Language) {
			continue
		}
		m, err := p.render(w, w.Language, w.Reasons[0])
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (p *Previews) render(w templates.Wording, language, reason string) (MailPreview, error) {
	v := p.values(w.Language)
	if w.Template == "digest" {
		v.Tasks = templates.SampleTasks(w.Language)
	}
	out, err := p.set.Render(w.Template, language, reason, v)
	if err != nil {
		return MailPreview{}, err
	}
	m := MailPreview{
		File: w.File, Own: w.Own, Changed: w.Changed, Template: w.Template, Language: w.Language, Audience: w.Audience, Reasons: w.Reasons,
		Subject: out.Subject, Text: out.Text, HTML: out.HTML, Waived: p.waived(out, w.Audience, v),
	}
	return m, nil
}

// waived are the waivers of clinic.yaml without which a mail could not leave.
func (p *Previews) waived(m templates.Rendered, audience string, v templates.Values) []string {
	allowed := v.Exceptions("https://mail.riverside.example/")
	allowed.Refused = lintRules(p.clinic).Refused
	found := templates.Lint(m, audience, allowed)
	var out []string
	for _, w := range p.clinic.Lint.Waivers {
		may := templates.Waiver{Rule: w.Rule, Words: w.Words}
		if slices.ContainsFunc(found, may.Waives) {
			out = append(out, fmt.Sprintf("%s answers for %s: %s", w.By, strings.TrimSpace(w.Rule+" "+strings.Join(w.Words, ", ")), w.Why))
		}
	}
	return out
}

// values are the clinic's own, and for the rest those of people who do not exist.
func (p *Previews) values(language string) templates.Values {
	v, own := templates.SampleValuesIn(language), clinicValues(p.clinic, language)
	v.ClinicName, v.ClinicPhone, v.ReplyHours = own.ClinicName, own.ClinicPhone, own.ReplyHours
	v.CrisisName, v.CrisisPhone, v.CrisisText, v.CrisisURL = own.CrisisName, own.CrisisPhone, own.CrisisText, own.CrisisURL
	v.BookingURL = own.BookingURL
	if len(p.clinic.Resources) > 0 {
		v.Resources = nil
		for _, s := range p.clinic.ResourcesFor("", language, nil, p.now) {
			v.Resources = append(v.Resources, resourceOf(&s))
		}
	}
	return v
}

// sample is the clinic as its pages show it.
func (p *Previews) sample() web.Sample {
	return web.Sample{
		Clinic: webClinic(p.clinic),
		Resources: func(language string, flagged bool) []web.Resource {
			return webResources(p.clinic.ResourcesForAny(nil, language, nil, flagged, p.now), language)
		},
	}
}

//go:embed preview.html
var previewPage string

// Write makes a folder of previews: index.html with every mail beside a phone's width,
// each mail as HTML and as text, and every page in every state. It returns how many
// mails and pages there are. What is in the folder already is written over.
func (p *Previews) Write(dir string) (mails, pages int, err error) {
	all, err := p.All()
	if err != nil {
		return 0, 0, err
	}
	shots, err := web.WriteGallery(filepath.Join(dir, "pages"), p.sample(), p.now)
	if err != nil {
		return 0, 0, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "mails"), 0o750); err != nil {
		return 0, 0, err
	}
	type row struct {
		MailPreview
		At string
	}
	index := struct {
		Name, Made string
		Mails      []row
		Pages      []string
		Reasons    []reasonRow
	}{Name: p.Name, Made: p.now.Format("2 January 2006, 15:04"), Pages: shots, Reasons: p.answers(all)}
	for _, m := range all {
		at := previewName(m.File)
		for ending, body := range map[string]string{".html": m.HTML, ".txt": m.Text} {
			if err := os.WriteFile(filepath.Join(dir, "mails", at+ending), []byte(body), 0o600); err != nil {
				return 0, 0, err
			}
		}
		index.Mails = append(index.Mails, row{MailPreview: m, At: at})
	}
	t, err := template.New("preview").Parse(previewPage)
	if err != nil {
		return 0, 0, fmt.Errorf("read the preview's page: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "index.html"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, 0, err
	}
	return len(all), len(shots), errors.Join(t.Execute(f, index), f.Close())
}

// previewName is a file's name without folder and ending: "es-a-notice".
func previewName(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".md")
	return strings.ReplaceAll(name, "/", "-")
}

// reasonRow says which mail a reason leads to, in each family of one language.
type reasonRow struct {
	Language, Reason string
	Cells            []cell
}

type cell struct{ Family, Name, At string }

// answers is the table of reasons and families. A cell where the reason has no words of
// its own shows those for "unknown".
func (p *Previews) answers(all []MailPreview) []reasonRow {
	var out []reasonRow
	for _, language := range p.clinic.Languages {
		for _, reason := range templates.Reasons() {
			a := reasonRow{Language: language, Reason: reason}
			for _, family := range []string{"A", "B", "C", "D", "E", "F"} {
				file := p.set.Answers(family, language, reason)
				if slices.ContainsFunc(all, func(m MailPreview) bool { return m.File == file }) {
					a.Cells = append(a.Cells, cell{family, strings.TrimPrefix(previewName(file), language+"-"), previewName(file)})
				}
			}
			out = append(out, a)
		}
	}
	return out
}
