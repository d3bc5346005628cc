package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bar tells on a terminal how far a command is, in one line that is written over. On
// anything but a terminal it writes nothing: what reads standard error there wants
// complaints.
type bar struct {
	out   io.Writer // nil where nobody watches
	began time.Time
	shown time.Time
}

// barWidth is how many signs the bar has; with its words it fits 80 columns.
const barWidth = 32

// barEvery is how often it is drawn at the most.
const barEvery = 100 * time.Millisecond

func newBar(to io.Writer) *bar {
	f, ok := to.(*os.File)
	if !ok {
		return &bar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return &bar{}
	}
	return &bar{out: f, began: time.Now()}
}

// show draws it; one caller at a time.
func (b *bar) show(done, of int) {
	now := time.Now()
	if b.out == nil || done < of && now.Sub(b.shown) < barEvery {
		return
	}
	b.shown = now
	fmt.Fprintf(b.out, "\r\x1b[K%s", barText(done, of, now.Sub(b.began)))
}

// clear takes it away: what is printed next begins on a line of its own.
func (b *bar) clear() {
	if b.out != nil {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// barText is such as "[####----]  50%  5,000 of 10,000 events, 12s left".
func barText(done, of int, took time.Duration) string {
	share := 1.0
	if of > 0 {
		share = float64(done) / float64(of)
	}
	full := int(share * barWidth)
	text := fmt.Sprintf("[%s%s] %3d%%  %d of %d events", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), int(share*100), done, of)
	if done > 0 && done < of && took > time.Second {
		text += fmt.Sprintf(", %s left", time.Duration(float64(took)*(1-share)/share).Round(time.Second))
	}
	return text
}
