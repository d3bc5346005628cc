package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages renders every page from its template; it is made once and only read.
type pages struct {
	byName map[string]*template.Template
	assets *assets
}

// newPages parses every template together with the two shared files, so that
// a page is complete before the first request.
func newPages() (*pages, error) {
	files, err := newAssets()
	if err != nil {
		return nil, err
	}
	shared, err := template.New("shared").Funcs(template.FuncMap{
		"asset": files.path,
		"tel":   telURL,
		"dials": dials,
		"web":   webURL,
		"words": words,

		"direct":   direct,
		"sentence": sentence,
	}).ParseFS(templateFiles, "templates/_*.html")
	if err != nil {
		return nil, fmt.Errorf("read shared templates: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	p := &pages{byName: make(map[string]*template.Template, len(names)), assets: files}
	for _, file := range names {
		t, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("copy shared templates: %w", err)
		}
		if _, err := t.ParseFS(templateFiles, file); err != nil {
			return nil, fmt.Errorf("read template: %w", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		p.byName[name] = t
	}
	return p, nil
}

// base is what every page has.
type base struct {
	Title string
	// Clinic is nil where no verified token or session names one, and several are served.
	Clinic *Clinic
	// CrisisBar keeps the crisis line in view: on every page for clients.
	CrisisBar bool
	T         times
	speech

	// Staff turns the frame of the staff pages on, Live their script; Here is
	// the entry of the menu that the page belongs to.
	Staff, Live bool
	Here        string
	Notice      string
	SignOut     string // the nonce of the sign-out form
	// Pauses puts the page that pauses mail into the menu.
	Pauses bool
}

// Day is a date in the page's own language.
func (b base) Day(t time.Time) string { return b.Say().day(t.In(b.T.zone)) }

// ClinicTag is the language that the clinic's own words are written in, empty where it
// is the page's.
func (b base) ClinicTag() string {
	if own := served(b.Clinic)[0].Tag; own != b.Say().Tag {
		return own
	}
	return ""
}

// LineTag is the same of the crisis line's name.
func (b base) LineTag() string {
	if b.Clinic.translated {
		return ""
	}
	return b.ClinicTag()
}

// bytes renders one block of one page.
func (p *pages) bytes(name, block string, data any) ([]byte, error) {
	t, ok := p.byName[name]
	if !ok {
		return nil, fmt.Errorf("render page %q: no such template", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, block, data); err != nil {
		return nil, fmt.Errorf("render page %q: %w", name, err)
	}
	return b.Bytes(), nil
}

// write renders a whole page and sends it. A page that cannot be rendered is a
// mistake of the program; the reader then gets one plain sentence.
func (p *pages) write(w http.ResponseWriter, log *slog.Logger, status int, name string, data any) {
	body, err := p.bytes(name, "page", data)
	if err != nil {
		log.Error("page not rendered", logPage, name, logError, err)
		http.Error(w, "Something went wrong on our side. In danger? Call your local emergency number.\n"+
			"Algo falló de nuestro lado. ¿Está en peligro? Llame al número de emergencias de su zona.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// The reader may have gone; there is nobody left to tell.
	_, _ = w.Write(body)
}

// webURL passes http and https on and nothing else.
func webURL(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}

// Keys of log lines.
const (
	logPage   = "page"
	logError  = "error"
	logClinic = "clinic"
	logKey    = "key"
	logRoute  = "route"
	logWhy    = "why"
)
