package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/*
var assetFiles embed.FS

const assetPrefix = "/assets/"

// assets serves the style sheet, the script and the icon under names that
// carry a hash of their content, so that a browser may keep them for ever.
type assets struct {
	hashed map[string]string // "mooring.css" to "/assets/mooring.<hash>.css"
	bodies map[string][]byte // the other way, with the content
}

func newAssets() (*assets, error) {
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("list assets: %w", err)
	}
	a := &assets{hashed: map[string]string{}, bodies: map[string][]byte{}}
	for _, e := range entries {
		body, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		at := assetPrefix + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.hashed[e.Name()], a.bodies[at] = at, body
	}
	return a, nil
}

// path is where a page finds the asset; asking for one that does not exist
// fails the page, and with it the tests.
func (a *assets) path(name string) (string, error) {
	at, ok := a.hashed[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return at, nil
}

// ServeHTTP serves /assets/.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := a.bodies[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if !reads(r) {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This can only be read.", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(body)
}
