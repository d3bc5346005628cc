package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/web"
)

// How long a sign-in link works: the one that a start prints may be pressed
// when the working day begins, the one that somebody asks for is pressed now.
const (
	firstLinkLife = 12 * time.Hour
	askedLinkLife = time.Hour
)

// SignInLink makes a one-time link to the staff pages. It is for the terminal
// of whoever started the program.
func (a *App) SignInLink() string { return signInLink(a.staffURL(), a.secrets.linkKeys, firstLinkLife) }

func signInLink(staffURL string, keys *links.Keys, life time.Duration) string {
	now := time.Now()
	return staffURL + "/signin/" + web.SignInToken(keys, operatorID, now, now.Add(life))
}

// SignIn makes a one-time link to the staff pages of the Mooring that runs on
// the data folder or, with NATS_URL, on that server. The embedded one must be
// running; the error is ErrNotRunning else.
func SignIn(cfg Config) (string, error) {
	text := string(cfg.LinkKeys)
	if text == "" {
		var err error
		if text, err = kept(cfg.Data, "link-keys"); err != nil {
			return "", err
		}
	}
	keys, err := links.ParseKeys(text)
	if err != nil {
		return "", &ConfigError{"MOORING_LINK_KEYS", err.Error()}
	}
	if cfg.NATSURL == "" {
		lock, err := lockData(cfg.Data)
		if err == nil {
			_ = lock.Close()
			return "", ErrNotRunning
		}
		if !errors.Is(err, errInUse) {
			return "", err
		}
	}
	url := strings.TrimRight(cfg.StaffURL, "/")
	if url == "" {
		url = "http://" + Loopback(cfg.StaffHTTP)
		b, err := os.ReadFile(staffFile(cfg.Data))
		switch {
		case err == nil:
			url = strings.TrimSpace(string(b))
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("read where the staff pages are: %w", err)
		}
	}
	return signInLink(url, keys, askedLinkLife), nil
}

// staffFile holds where the staff pages of the Mooring on a data folder are.
func staffFile(dir string) string { return filepath.Join(dir, "staff-url") }
