package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mooring-care/mooring/workflows/sample"
)

// tutorialBlock is a fenced block: its language, the file behind it, and its lines.
var tutorialBlock = regexp.MustCompile("(?s)```(console|diff|text)( [^\n]+)?\n(.*?)```")

// TestTutorial follows docs/writing-workflows.md from its first line to its last, in a
// folder with the clinic that it speaks of: what it says to type is typed, what it says
// to change is changed, and what it shows is what comes.
//
// A block "text FILE" is written into a file, a block "diff FILE" changes one: its lines
// with - stand there, and those with + take their place. In a block "console" every line
// with $ is a command and the rest is its output; a line "…" stands for any lines. With
// -update the page is written anew, but for what still holds.
func TestTutorial(t *testing.T) {
	const name = "docs/writing-workflows.md"
	place, err := filepath.Abs(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	page := docs(t, name)
	settle(t, "")
	dir := t.TempDir()
	t.Chdir(dir)
	clinic, err := sample.FS.ReadFile("clinic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "clinics/harbor/clinic.yaml", string(clinic))
	t.Setenv("MOORING_DATA", "mooring-data")
	commands := 0
	now := tutorialBlock.ReplaceAllStringFunc(page, func(block string) string {
		m := tutorialBlock.FindStringSubmatch(block)
		file, body := strings.TrimSpace(m[2]), m[3]
		switch {
		case m[1] == "console":
			text, n := typed(t, dir, body)
			commands += n
			return "```console\n" + text + "```"
		case file == "":
		case m[1] == "text":
			write(t, dir, file, body)
		default:
			changed(t, file, body)
		}
		return block
	})
	if commands < 8 {
		t.Errorf("the page has only %d commands", commands)
	}
	if *update {
		if err := os.WriteFile(place, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(page, now); diff != "" {
		t.Errorf("the page shows what does not come (-page +comes); write it anew with -update, and read it:\n%s", diff)
	}
}

// typed runs the commands of a block in a folder and returns the block with what came,
// and how many there were.
func typed(t *testing.T, dir, body string) (string, int) {
	t.Helper()
	var out strings.Builder
	commands := strings.Split("\n"+body, "\n$ ")[1:]
	for i, c := range commands {
		line, shown, _ := strings.Cut(c, "\n")
		if i < len(commands)-1 {
			shown += "\n" // taken by the split
		}
		var came string
		switch args := words(t, line); args[0] {
		case "mooring":
			got := call(t, args[1:]...)
			came = strings.ReplaceAll(got.out+got.err, dir, "/home/you") // as a reader sees their own folder
		case "cp":
			src, err := os.ReadFile(args[1])
			if err == nil {
				err = os.WriteFile(args[2], src, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		case "mkdir":
			if err := os.Mkdir(args[1], 0o700); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("the page types %q", line)
		}
		if !fits(shown, came) {
			shown = came
		}
		out.WriteString("$ " + line + "\n" + shown)
	}
	return out.String(), len(commands)
}

// words splits a command line; quotes hold words together.
func words(t *testing.T, line string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		out = append(out, m[1]+m[2])
	}
	if len(out) == 0 {
		t.Fatal("an empty command")
	}
	return out
}

// fits says whether what is shown is what came; a line "…" stands for any lines.
func fits(shown, came string) bool {
	parts := strings.Split("\n"+strings.TrimRight(shown, "\n")+"\n", "\n…\n")
	rest := "\n" + strings.TrimRight(came, "\n") + "\n"
	for i, part := range parts {
		if i > 0 {
			part = "\n" + part
		}
		if i < len(parts)-1 {
			part += "\n"
		}
		switch at := strings.Index(rest, part); {
		case at < 0, i == 0 && at > 0:
			return false
		case i == len(parts)-1 && len(parts) > 1:
			return strings.HasSuffix(rest, part)
		default:
			rest = rest[at+len(part)-1:]
		}
	}
	return len(parts) > 1 || rest == "\n"
}

// changed takes lines of a file out and puts others in their place.
func changed(t *testing.T, file, body string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var before, after []string
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "-"):
			before = append(before, line[1:])
		case strings.HasPrefix(line, "+"):
			after = append(after, line[1:])
		default:
			before, after = append(before, strings.TrimPrefix(line, " ")), append(after, strings.TrimPrefix(line, " "))
		}
	}
	old, next := strings.Join(before, "\n")+"\n", strings.Join(after, "\n")+"\n"
	if strings.Count(string(src), old) != 1 {
		t.Fatalf("%s has these lines %d times, not once:\n%s", file, strings.Count(string(src), old), old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(src), old, next, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTutorialFits: what counts as shown.
func TestTutorialFits(t *testing.T) {
	for _, c := range []struct {
		shown, came string
		fits        bool
	}{
		{"", "", true},
		{"a\nb\n", "a\nb\n", true},
		{"a\nb\n\n", "a\nb\n", true},
		{"a\n", "a\nb\n", false},
		{"b\n", "a\nb\n", false},
		{"a\n…\nd\n", "a\nb\nc\nd\n", true},
		{"a\n…\nd\n", "a\nb\nc\n", false},
		{"a\n…\nd\n", "x\na\nd\n", false},
		{"a\n…\nc\n…\n", "a\nb\nc\nd\n", true},
		{"…\nd\n", "a\nd\n", true},
		{"…\nd\n", "a\nd\nb\n", false},
	} {
		if got := fits(c.shown, c.came); got != c.fits {
			t.Errorf("%q for %q: %v", c.shown, c.came, got)
		}
	}
	if got := words(t, `mooring approve x --by "Dr. Ruth Adeyemi"`); !slices.Equal(got, []string{"mooring", "approve", "x", "--by", "Dr. Ruth Adeyemi"}) {
		t.Errorf("words: %q", got)
	}
}
