package sendgrid

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
)

// requests reads whole requests off a connection.
type requests struct{ r *bufio.Reader }

func newRequests(c net.Conn) requests { return requests{bufio.NewReader(c)} }

// next is the mid of the next whole request.
func (r requests) next() (mid string, ok bool) {
	req, err := http.ReadRequest(r.r)
	if err != nil {
		return "", false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return "", false
	}
	var mail struct {
		Args struct {
			MID string `json:"mid"`
		} `json:"custom_args"`
	}
	err = json.Unmarshal(body, &mail)
	return mail.Args.MID, err == nil
}
