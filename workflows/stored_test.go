package workflows

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestStoredResourcesAreNotRead: those in force count, so what an older program
// stored must not make its version unreadable.
func TestStoredResourcesAreNotRead(t *testing.T) {
	files := map[string][]byte{"clinic.yaml": []byte(smallClinic), "resources.yaml": []byte("- whatever it was\n")}
	if c, err := ReadClinicFiles(files, "small"); err != nil || c.Resources != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestStoredFoldersStayReadable: what an older program stored may hold what is
// refused today, and journeys run on it.
func TestStoredFoldersStayReadable(t *testing.T) {
	old := strings.Replace(smallClinic, "name: Small\n", "name: |\n  Sm\u00adall\n  clinic\nbooking_url: HTTPS://book.example.org/o'hara\nphone: “988 (24/7)”\nlanguages: [en, es]\ntranslations: {es: {crisis_line: {phone: ninguno}}}\n", 1)
	old = strings.Replace(old, "phone: 988}", "phone: the desk, emergency_phone: therapy}", 1)
	files := map[string][]byte{"clinic.yaml": []byte(old)}
	c, err := ReadClinicFiles(files, "small")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Sm\u00adall clinic" || c.BookingURL == "" {
		t.Errorf("read as %q, %q", c.Name, c.BookingURL)
	}
	if c.Phone != "“988 (24/7)”" || c.CrisisLine.Phone != "the desk" || c.CrisisLine.EmergencyPhone != "therapy" || c.In("es").CrisisLine.Phone != "ninguno" {
		t.Errorf("the numbers are read as %q, %+v, %+v", c.Phone, c.CrisisLine, c.In("es"))
	}
	if _, err := ReadClinic(fstest.MapFS{"clinic.yaml": {Data: files["clinic.yaml"]}}, "small"); err == nil {
		t.Error("a folder like that is read anew")
	}
	// A workflow is tried in the version that is in force, its services included.
	files["resources.yaml"] = []byte("resources:\n  - {title: <b>Rides</b>, about: \"[Here](https://rides.example) &amp; there\", reach: {phone: ask}, checked: 2026-11-02}\n")
	files["workflows/own.yaml"] = []byte(tried)
	c, _, err = ReadTrialFiles(files, "small", "own.yaml", []byte(tried))
	if err != nil || len(c.Resources) != 1 || c.Resources[0].Reach.Phone != "ask" {
		t.Errorf("tried in a stored version: %v", err)
	}
}

const tried = "workflow: own\ntitle: Own\nwhy: A test.\nstart: {on: [client.signal]}\nsteps:\n  - send: A\n"
