package app

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

// A link from beside the running program leads to the staff pages, once over
// all replicas and restarts.
func TestSignInBeside(t *testing.T) {
	t.Parallel()
	p := run(t, storyConfig(t))
	cfg := p.cfg
	cfg.StaffURL, cfg.LinkKeys = "", "" // as a terminal without the program's environment has it
	link, err := SignIn(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(link, staffURL+"/signin/") {
		t.Fatalf("the link is %s", link)
	}
	unused, err := SignIn(cfg)
	if err != nil || unused == link {
		t.Fatalf("the second link is %s, %v", unused, err)
	}
	b := p.browser()
	if g := b.get(staffURL + "/"); g.status != http.StatusUnauthorized || !strings.Contains(g.text, "mooring signin") {
		t.Errorf("without a session: %d\n%s", g.status, g.text)
	}
	if g := b.post(link); g.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", g.status, g.text)
	}
	if g := b.get(staffURL + "/"); g.status != http.StatusOK {
		t.Errorf("with a session: %d", g.status)
	}
	p.restart()
	if g := p.browser().post(link); g.status != http.StatusGone {
		t.Errorf("a link that was used before a restart: %d", g.status)
	}
	if g := p.browser().post(unused); g.status != http.StatusSeeOther {
		t.Errorf("a link that was made before a restart: %d\n%s", g.status, g.text)
	}
	p.stop()
	if _, err := SignIn(cfg); !errors.Is(err, ErrNotRunning) {
		t.Errorf("while nothing runs: %v", err)
	}
	cfg.Data = t.TempDir()
	var wrong *ConfigError
	if _, err := SignIn(cfg); !errors.As(err, &wrong) {
		t.Errorf("without data: %v", err)
	}
}

// Whatever interface the pages listen on, the links that are printed can be
// opened on this machine.
func TestPrintedAddressesCanBeOpened(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.HTTP, cfg.StaffHTTP, cfg.OpsHTTP = "0.0.0.0:0", "0.0.0.0:0", "0.0.0.0:0"
	cfg.PublicURL, cfg.StaffURL = "", ""
	p := run(t, cfg)
	for _, text := range []string{p.Banner(), p.publicURL(), p.staffURL()} {
		if strings.Contains(text, "[::]") || strings.Contains(text, "0.0.0.0") {
			t.Errorf("nobody can open what is in\n%s", text)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.SignInLink(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the sign-in link: %d", res.StatusCode)
	}
}
