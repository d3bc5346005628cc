package workflows

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mooring-care/mooring/workflows/finding"
)

// What programs add to a name is taken off it.
func TestPlainName(t *testing.T) {
	for base, want := range map[string]string{
		"a-notice.md.txt": "a-notice", "A-NOTICE.MD": "a-notice", "a-notice (copy).md": "a-notice", "a-notice (1).docx": "a-notice", "a-notice - Copy.md": "a-notice",
		"Copy of a-notice.md": "a-notice", "Copia de a-notice.md": "a-notice", "a-notice copy 2.md": "a-notice", "a-notice 2.md": "a-notice",
		"my_own text.md": "my-own-text", "b-2.md": "b-2", "???.md": "", "clinic.yaml.txt": "clinic", "photocopy.md": "photocopy",
	} {
		if got := plainName(base); got != want {
			t.Errorf("%q is %q, want %q", base, got, want)
		}
	}
}

// A file that nothing reads hides nothing else, and what only follows from it is not said.
func TestReadDespiteStrayFiles(t *testing.T) {
	clinic := func(more string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(smallClinic + more)} }
	stray := &fstest.MapFile{Data: []byte("x")}
	c, wrong, err := ReadClinicToCheck(fstest.MapFS{"clinic.yaml": clinic("paused: {workflows: [extra]}\n"), "workflows/extra.yml": stray}, "small")
	if err != nil || c == nil || len(wrong) != 1 || len(c.Workflows) != 0 {
		t.Errorf("a stray workflow: %v, %v, %v", c, wrong, err)
	}
	_, wrong, err = ReadClinicToCheck(fstest.MapFS{"clinic.yaml": clinic("nmae: 1\n"), "templates/A.md": stray}, "small")
	if len(wrong) != 1 || err == nil || !strings.Contains(err.Error(), "unknown key `nmae`") || strings.Contains(err.Error(), "A.md") {
		t.Errorf("a stray wording and a wrong key: %v, %v", wrong, err)
	}
	if _, err = ReadClinic(fstest.MapFS{"clinic.yaml": clinic("nmae: 1\n"), "templates/A.md": stray}, "small"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("both together: %v", err)
	}
}

// Files of other kinds are left alone, and named where they may be meant to be read.
func TestIgnored(t *testing.T) {
	folder := fstest.MapFS{}
	for _, name := range []string{
		"clinic.yaml", "clinic.txt", "notes.txt", "templates/a-notice.md", "templates/a-notice.txt", "templates/es/b.odt", "templates/es/deep/c.txt", "templates/picture.png",
		"templates/a.md.bak", "templates/.hidden.txt", "templates/~$b.docx", "templates/ReadMe.txt", "workflows/late.YML.txt", ".git/templates/x.txt",
	} {
		folder[name] = &fstest.MapFile{}
	}
	want := map[string]string{
		"clinic.txt": "warning `clinic.yaml` is what is read: put there what this file says, and take this one out", "templates/a-notice.txt": "warning `a-notice.md` is what is read: put there what this file says, and take this one out",
		"templates/es/b.odt": "warning save it as plain text and call it `b.md`", "workflows/late.YML.txt": "error call it `late.yaml`",
	}
	found := Ignored(folder)
	if len(found) != len(want) {
		t.Errorf("found %d, want %d", len(found), len(want))
	}
	for _, f := range found {
		if got := string(f.Level) + " " + f.Mend; got != want[f.File] || f.Rule != finding.MisplacedFile {
			t.Errorf("%s: %q, want %q", f.File, got, want[f.File])
		}
	}
}
