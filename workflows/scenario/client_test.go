package scenario

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestStoredOrNot: what is decided is the same whether the state is stored and
// read back each time or stays in memory.
func TestStoredOrNot(t *testing.T) {
	clinic, err := workflows.ReadClinic(sample.FS, sample.ID)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../library/*.scenario.txt")
	if err != nil || len(files) < 14 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := run(clinic, file, string(raw), false)
		if err != nil {
			t.Fatal(err)
		}
		// TestStories holds the file to what is decided where it is stored.
		if diff := FirstDifference(string(raw), kept.text.String()); diff != "" {
			t.Errorf("%s, kept in memory: %s", file, diff)
		}
	}
}
