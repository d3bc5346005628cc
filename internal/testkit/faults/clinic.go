package faults

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/library"
)

//go:embed testdata/clinic
var clinicFiles embed.FS

// Clinic is the id of the clinic that WriteClinic writes.
const Clinic = "quay"

// quietUnset is what testdata/clinic/clinic.yaml says of quiet hours.
const quietUnset = `{from: "00:00", to: "00:01"}`

// WriteClinic writes the folder of a clinic whose journeys are quick below dir,
// the built-in workflows among them. Its one quiet minute is half a day from
// now.
func WriteClinic(dir string, now time.Time) error {
	to := filepath.Join(dir, Clinic)
	from, err := fs.Sub(clinicFiles, "testdata/clinic")
	if err != nil {
		return fmt.Errorf("write a clinic: %w", err)
	}
	if err := os.CopyFS(to, from); err != nil {
		return fmt.Errorf("write a clinic: %w", err)
	}
	for name, src := range library.Files() {
		if err := os.WriteFile(filepath.Join(to, "workflows", name), src, 0o600); err != nil {
			return fmt.Errorf("write a clinic: %w", err)
		}
	}
	text, err := fs.ReadFile(from, "clinic.yaml")
	if err != nil {
		return fmt.Errorf("write a clinic: %w", err)
	}
	quiet := now.UTC().Add(12 * time.Hour)
	set := fmt.Sprintf(`{from: %q, to: %q}`, quiet.Format("15:04"), quiet.Add(time.Minute).Format("15:04"))
	whole := strings.Replace(string(text), quietUnset, set, 1)
	if err := os.WriteFile(filepath.Join(to, "clinic.yaml"), []byte(whole), 0o600); err != nil {
		return fmt.Errorf("write a clinic: %w", err)
	}
	return nil
}
