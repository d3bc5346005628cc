package templates

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mustBuiltin(tb testing.TB) *Set {
	tb.Helper()
	s, err := Builtin()
	if err != nil {
		tb.Fatalf("read built-in wording: %v", err)
	}
	return s
}

func mustRender(tb testing.TB, s *Set, name, reason string, v Values) Rendered {
	tb.Helper()
	r, err := s.Render(name, "en", reason, v)
	if err != nil {
		tb.Fatalf("render %s for %s: %v", name, reason, err)
	}
	return r
}

// TestGolden compares every wording file, in every state of the gallery, with
// what a person has read and approved.
func TestGolden(t *testing.T) {
	s := mustBuiltin(t)
	want := map[string]bool{}
	for _, g := range s.Gallery() {
		t.Run(g.Title, func(t *testing.T) {
			r, err := s.Render(g.Template, g.Language, g.Reason, g.Values)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.ReplaceAll(g.Title, ", ", ".")
			want[name+".txt"], want[name+".html"] = true, true
			golden(t, name+".txt", "Subject: "+r.Subject+"\n\n"+r.Text)
			golden(t, name+".html", r.HTML)
			wellFormed(t, r.HTML)
		})
	}
	err := fs.WalkDir(os.DirFS(filepath.Join("testdata", "golden")), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !want[name] {
			t.Errorf("testdata/golden/%s belongs to no sample of the gallery", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./notifier/templates -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

// wellFormed checks that every tag closes; our HTML is XML as well.
func wellFormed(tb testing.TB, html string) {
	tb.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatalf("HTML does not parse: %v\n%s", err, html)
		}
	}
}

// TestGalleryShowsEveryTemplate: a template that nobody can preview fails.
func TestGalleryShowsEveryTemplate(t *testing.T) {
	shown := map[string]bool{}
	for _, g := range mustBuiltin(t).Gallery() {
		shown[g.Template] = true
	}
	for _, name := range Names() {
		if !shown[name] {
			t.Errorf("the gallery does not show %s", name)
		}
	}
}
